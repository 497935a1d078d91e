import { SlipwayError } from '../../errors.ts';
import { concernsHeader, type HeaderBody, type PlanSummary, projectHeader } from '../deployment-projection.ts';
import type { NewEvent } from '../event.ts';
import type { DeploymentHeader } from '../store.ts';
import type { Connection } from './connection.ts';
import { readPlanSummary } from './plan-table.ts';

export interface DeploymentRow {
  environment: number;
  firstSeq: number;
  lastSeq: number;
  header: string | null;
}

const COLUMNS = 'environment, first_seq AS firstSeq, last_seq AS lastSeq, header';
const SELECT = `SELECT ${COLUMNS} FROM deployments WHERE id = ?`;
const NEWEST = `SELECT ${COLUMNS} FROM deployments WHERE environment = ? AND started_at IS NOT NULL
  ORDER BY first_seq DESC LIMIT ?`;
const INSERT = 'INSERT INTO deployments (id, environment, first_seq, last_seq) VALUES (?, ?, ?, ?)';
const TOUCH = 'UPDATE deployments SET last_seq = ? WHERE id = ? AND environment = ?';

/** A row begins with the first event that names the deployment; its header, with `deployment.started`. */
export class DeploymentTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Brings the rows up to events that are being appended, in order; the first has the number `firstSeq`. */
  apply(environment: { id: number; name: string }, firstSeq: number, events: readonly NewEvent[]): void {
    const newest = new Map<string, { first: number; last: number }>();
    events.forEach((event, index) => {
      if (event.deployment === null) return;
      const seq = firstSeq + index;
      const seen = newest.get(event.deployment);
      if (seen === undefined) newest.set(event.deployment, { first: seq, last: seq });
      else seen.last = seq;
    });
    for (const [id, { first, last }] of newest) this.#touch(environment, id, first, last);
    for (const event of events) {
      if (event.deployment !== null && concernsHeader(event)) this.#project(environment.name, event.deployment, event);
    }
  }

  row(id: string): DeploymentRow | undefined {
    return this.#connection.get<DeploymentRow>(SELECT, id);
  }

  find(prefix: string): DeploymentHeader | undefined {
    const exact = this.row(prefix);
    if (exact?.header != null) return headerOf(exact);
    if (prefix === '') return undefined;
    const sql = `SELECT id, ${COLUMNS} FROM deployments WHERE id >= ? AND id < ? AND header IS NOT NULL LIMIT 2`;
    const rows = this.#connection.all<DeploymentRow & { id: string }>(sql, prefix, `${prefix}\u{10ffff}`);
    if (rows.length > 1) {
      throw new SlipwayError('ambiguous-deployment', `More than one deployment begins with ${prefix}.`, {
        subject: prefix,
        hint: `Give more of the id: ${rows.map((row) => row.id).join(' or ')}.`,
      });
    }
    return rows[0] === undefined ? undefined : headerOf(rows[0]);
  }

  /** As they came: within an environment by their place in its chain, for clocks are set back; among several by the clock. */
  newest(environments: readonly number[], limit: number): DeploymentHeader[] {
    const lists = environments.map((id) => this.#connection.all<DeploymentRow>(NEWEST, id, limit).map(headerOf));
    const merged: DeploymentHeader[] = [];
    while (merged.length < limit) {
      const next = lists.filter((list) => list.length > 0).sort(([a], [b]) => (startOf(a) < startOf(b) ? 1 : -1))[0];
      if (next === undefined) break;
      merged.push(next.shift() as DeploymentHeader);
    }
    return merged;
  }

  #touch(environment: { id: number; name: string }, id: string, first: number, last: number): void {
    if (this.#connection.run(TOUCH, last, id, environment.id).changes === 1) return;
    if (this.row(id) !== undefined) {
      throw new SlipwayError('deployment-elsewhere', `The deployment ${id} belongs to another environment.`, {
        subject: environment.name,
      });
    }
    this.#connection.run(INSERT, id, environment.id, first, last);
  }

  #project(environment: string, id: string, event: NewEvent): void {
    const header = this.row(id)?.header;
    const before = header == null ? undefined : (JSON.parse(header) as HeaderBody);
    const after = projectHeader(before, event, environment, (digest) => this.#planSummary(digest));
    if (after === undefined) return;
    const sql = 'UPDATE deployments SET started_at = ?, header = ? WHERE id = ?';
    this.#connection.run(sql, after.startedAt, JSON.stringify(after), id);
  }

  #planSummary(digest: string): PlanSummary {
    const summary = readPlanSummary(this.#connection, digest);
    if (summary !== undefined) return summary;
    throw new SlipwayError('plan-missing', `The plan ${digest} was not saved before the deployment that names it.`, {
      subject: digest,
    });
  }
}

function startOf(header: DeploymentHeader | undefined): string {
  return header?.startedAt ?? '';
}

function headerOf(row: DeploymentRow): DeploymentHeader {
  return { ...(JSON.parse(row.header ?? '{}') as HeaderBody), lastSeq: row.lastSeq };
}
