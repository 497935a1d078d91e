import { equalJson } from '../../json.ts';
import { concernsHeader, type HeaderBody, type PlanSummary, projectHeader } from '../deployment-projection.ts';
import type { JournalEvent } from '../event.ts';
import { CHAIN_START, chainHash, effectOf, readEventText } from '../event-text.ts';
import type { Connection } from './connection.ts';
import type { Findings } from './findings.ts';

export interface EventRow {
  seq: number;
  content: string;
  hash: string;
}

interface StateRow {
  address: string;
  record: string;
  to: number | null;
}

interface DeploymentRow {
  id: string;
  firstSeq: number;
  lastSeq: number;
  startedAt: string | null;
  header: string | null;
}

interface Replayed {
  firstSeq: number;
  lastSeq: number;
  header: HeaderBody | undefined;
}

const STATE_ROWS = 'SELECT address, record, to_seq AS "to" FROM state WHERE environment = ? AND from_seq = ?';
const DEPLOYMENT_ROWS = `SELECT id, first_seq AS firstSeq, last_seq AS lastSeq, started_at AS startedAt, header
  FROM deployments WHERE environment = ?`;

/** Walks one environment's chain, oldest record first, and holds the projections against it as it goes. */
export class ChainAudit {
  seq = 0;
  hash = CHAIN_START;
  epoch = 0;
  stateSeq = 0;
  readonly #connection: Connection;
  readonly #environment: { id: number; name: string };
  readonly #plans: ReadonlyMap<string, PlanSummary>;
  readonly #findings: Findings;
  /** The rows that live by now, with the end that each claims. */
  readonly #living = new Map<string, { from: number; to: number | null }>();
  #stateRows = 0;
  readonly #deployments = new Map<string, Replayed>();

  constructor(
    connection: Connection,
    environment: { id: number; name: string },
    plans: ReadonlyMap<string, PlanSummary>,
    findings: Findings,
  ) {
    this.#connection = connection;
    this.#environment = environment;
    this.#plans = plans;
    this.#findings = findings;
  }

  check(row: EventRow): void {
    const expected = this.seq + 1;
    if (row.seq > expected) this.#find(expected, `records are missing, up to ${row.seq - 1}`);
    if (row.seq < expected) this.#find(row.seq, 'a record was added before the first');
    if (chainHash(this.hash, row.content) !== row.hash) {
      this.#find(row.seq, 'the record was altered, or does not continue the one before');
    }
    const event = this.#read(row);
    this.seq = row.seq;
    this.hash = row.hash;
    if (event === undefined) return;
    if (event.seq !== row.seq || event.environment !== this.#environment.name) {
      this.#find(row.seq, `the record belongs to ${event.environment}, ${event.seq}`);
    }
    if (event.epoch < this.epoch)
      this.#find(row.seq, 'the record was written under an older epoch than the one before');
    this.epoch = Math.max(this.epoch, event.epoch);
    try {
      this.#replayState(event, row.seq);
      this.#replayDeployment(event, row.seq);
    } catch (error) {
      // A falsified record may have any shape; only what isn't about its shape is a failure of the audit.
      if (!(error instanceof TypeError)) throw error;
      this.#find(row.seq, 'the record is not of the form that Slipway writes');
    }
  }

  /** After the last record: nothing may be left over on either side. */
  finish(): void {
    for (const [address, { from, to }] of this.#living) {
      if (to !== null) this.#find(from, `the recorded state of ${address} ends at ${to}, the journal doesn't end it`);
    }
    const sql = 'SELECT count(*) AS rows FROM state WHERE environment = ?';
    const rows = this.#connection.get<{ rows: number }>(sql, this.#environment.id)?.rows ?? 0;
    if (rows !== this.#stateRows) {
      this.#find(this.seq, `the recorded state has ${rows} rows, the journal gives ${this.#stateRows}`);
    }
    this.#compareDeployments();
  }

  #read(row: EventRow): JournalEvent | undefined {
    try {
      return readEventText(row.content, this.hash, row.hash);
    } catch {
      this.#find(row.seq, 'the record is not readable');
      return undefined;
    }
  }

  #replayState(event: JournalEvent, seq: number): void {
    if (event.changes === undefined) return;
    const effect = effectOf(event.changes);
    const rows = new Map(
      this.#connection.all<StateRow>(STATE_ROWS, this.#environment.id, seq).map((row) => [row.address, row]),
    );
    for (const { address, record } of effect) {
      this.#close(address, seq, record !== undefined);
      if (record === undefined) continue;
      const row = rows.get(address);
      if (row?.record !== record) this.#find(seq, `the recorded state of ${address} is not what the journal gives`);
      this.#living.set(address, { from: seq, to: row === undefined ? null : row.to });
      this.#stateRows += 1;
    }
  }

  #close(address: string, seq: number, replaced: boolean): void {
    const living = this.#living.get(address);
    if (living !== undefined || replaced) this.stateSeq = seq;
    if (living === undefined) return;
    this.#living.delete(address);
    if (living.to === seq) return;
    this.#find(
      living.from,
      `the recorded state of ${address} should end at ${seq}, not at ${living.to ?? 'no record'}`,
    );
  }

  #replayDeployment(event: JournalEvent, seq: number): void {
    if (event.deployment === null) return;
    const known = this.#deployments.get(event.deployment) ?? { firstSeq: seq, lastSeq: seq, header: undefined };
    known.lastSeq = seq;
    this.#deployments.set(event.deployment, known);
    if (!concernsHeader(event)) return;
    known.header = projectHeader(known.header, event, this.#environment.name, (digest) => {
      const summary = this.#plans.get(digest);
      if (summary !== undefined) return summary;
      this.#find(seq, `the plan ${digest} is missing`);
      return { project: '', counts: { create: 0, update: 0, replace: 0, delete: 0, none: 0 } };
    });
  }

  #compareDeployments(): void {
    const rows = this.#connection.all<DeploymentRow>(DEPLOYMENT_ROWS, this.#environment.id);
    for (const row of rows) {
      const replayed = this.#deployments.get(row.id);
      if (replayed === undefined) {
        this.#find(row.firstSeq, `the deployment ${row.id} is in no record`);
      } else if (!sameDeployment(row, replayed)) {
        this.#find(replayed.lastSeq, `the header of the deployment ${row.id} is not what the journal gives`);
      }
      this.#deployments.delete(row.id);
    }
    for (const [id, { firstSeq }] of this.#deployments) this.#find(firstSeq, `the deployment ${id} has no header`);
  }

  #find(seq: number, what: string): void {
    this.#findings.add(this.#environment.name, seq, what);
  }
}

function sameDeployment(row: DeploymentRow, replayed: Replayed): boolean {
  if (row.firstSeq !== replayed.firstSeq || row.lastSeq !== replayed.lastSeq) return false;
  if (row.startedAt !== (replayed.header?.startedAt ?? null)) return false;
  if (row.header === null || replayed.header === undefined) return row.header === null && replayed.header === undefined;
  try {
    return equalJson(JSON.parse(row.header), replayed.header);
  } catch {
    return false;
  }
}
