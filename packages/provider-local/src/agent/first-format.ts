import type { DatabaseSync } from 'node:sqlite';

/** Rows as the first version wrote them, as far as they differ. */
interface FirstRevision {
  environment: string;
  service: string;
  revision: string;
  port: number | null;
  process: unknown;
  startedAt: unknown;
  restarts: unknown;
  lastExit: unknown;
}

interface FirstRoute {
  environment: string;
  service: string;
  weights: Record<string, number>;
}

/**
 * Rewrites what the first version of the store holds, within the transaction that is open: the one process of a
 * revision becomes its instance 0, and a route leads to those. Nothing that runs is touched.
 */
export function fromFirstFormat(db: DatabaseSync, version: number): void {
  const ports = new Map<string, number>();
  for (const { id, row } of db.prepare('SELECT rowid AS id, row FROM revisions').all()) {
    const { port, process, startedAt, restarts, lastExit, ...rest } = JSON.parse(String(row)) as FirstRevision;
    const instance = { slot: 0, desired: 'running', port, process, startedAt, restarts, lastExit };
    if (port !== null) ports.set(`${rest.environment}/${rest.service}/${rest.revision}`, port);
    const changed = JSON.stringify({ ...rest, record: {}, instances: [instance] });
    db.prepare('UPDATE revisions SET row = ? WHERE rowid = ?').run(changed, id as number);
  }
  for (const { id, row } of db.prepare('SELECT rowid AS id, row FROM routes').all()) {
    const route = JSON.parse(String(row)) as FirstRoute;
    const found = Object.keys(route.weights).flatMap((revision) => {
      const port = ports.get(`${route.environment}/${route.service}/${revision}`);
      return port === undefined ? [] : [[revision, [{ slot: 0, host: '127.0.0.1', port, own: true }]] as const];
    });
    const changed = JSON.stringify({ ...route, backends: Object.fromEntries(found), routes: [] });
    db.prepare('UPDATE routes SET row = ? WHERE rowid = ?').run(changed, id as number);
  }
  db.exec(`PRAGMA user_version = ${version}`);
}
