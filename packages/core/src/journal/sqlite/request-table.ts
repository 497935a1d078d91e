import type { ControlRequest } from '../store.ts';
import type { Connection } from './connection.ts';

export function leaveRequest(connection: Connection, request: Omit<ControlRequest, 'number'>): number {
  const sql = 'INSERT INTO requests (deployment, what, requested_by, at, reason) VALUES (?, ?, ?, ?, ?)';
  const { deployment, what, by, at, reason } = request;
  return connection.write(() => connection.run(sql, deployment, what, by, at, reason ?? null).lastInsertRowid);
}

export function readRequests(connection: Connection, deployment: string, after: number): ControlRequest[] {
  const sql = `SELECT number, deployment, what, requested_by AS "by", at, reason
    FROM requests WHERE deployment = ? AND number > ? ORDER BY number`;
  const rows = connection.all<Omit<ControlRequest, 'reason'> & { reason: string | null }>(sql, deployment, after);
  return rows.map(({ reason, ...request }) => ({ ...request, ...(reason === null ? {} : { reason }) }));
}
