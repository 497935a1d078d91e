import { equalJson } from '../../json.ts';
import { concernsHeader, type HeaderBody, type PlanSummary, projectHeader } from '../deployment-projection.ts';
import type { JournalEvent } from '../event.ts';
import { CHAIN_START, chainHash, effectOf, readEventText } from '../event-text.ts';
import type { BuildAudit } from './audit-builds.ts';
import type { Connection } from './connection.ts';
import type { Findings } from './findings.ts';
import { ID_SPAN } from './schema.ts';

export interface EventRow {
  seq: number;
  content: string;
  hash: string;
}

interface StateRow {
  address: string;
  record: string;
  from: number;
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

const LIVING_ROWS = 'SELECT address, record, from_seq AS "from" FROM state WHERE id >= ? AND id < ?';
const ENDED_ROW = `SELECT address, record, from_seq AS "from" FROM state_history
  WHERE environment = ? AND to_seq = ? AND address = ?`;
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
  readonly #builds: BuildAudit;
  readonly #findings: Findings;
  /** What lives by now, by address. */
  readonly #living = new Map<string, Omit<StateRow, 'address'>>();
  #ended = 0;
  readonly #deployments = new Map<string, Replayed>();

  constructor(
    connection: Connection,
    environment: { id: number; name: string },
    known: { plans: ReadonlyMap<string, PlanSummary>; builds: BuildAudit },
    findings: Findings,
  ) {
    this.#connection = connection;
    this.#environment = environment;
    this.#plans = known.plans;
    this.#builds = known.builds;
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
      this.#builds.note(this.#environment.id, row.seq, event);
    } catch (error) {
      // A falsified record may have any shape; only what isn't about its shape is a failure of the audit.
      if (!(error instanceof TypeError)) throw error;
      this.#find(row.seq, 'the record is not of the form that Slipway writes');
    }
  }

  /** After the last record: nothing may be left over on either side. */
  finish(): void {
    this.#compareLiving();
    const sql = 'SELECT count(*) AS rows FROM state_history WHERE environment = ?';
    const rows = this.#connection.get<{ rows: number }>(sql, this.#environment.id)?.rows ?? 0;
    if (rows !== this.#ended) {
      this.#find(this.seq, `the history of the state has ${rows} rows, the journal gives ${this.#ended}`);
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
    for (const { address, record } of effectOf(event.changes ?? [])) {
      const living = this.#living.get(address);
      if (living !== undefined) this.#compareEnded(address, living, seq);
      if (living !== undefined || record !== undefined) this.stateSeq = seq;
      if (record === undefined) this.#living.delete(address);
      else this.#living.set(address, { record, from: seq });
    }
  }

  #compareEnded(address: string, living: Omit<StateRow, 'address'>, seq: number): void {
    this.#ended += 1;
    const row = this.#connection.get<StateRow>(ENDED_ROW, this.#environment.id, seq, address);
    if (row?.record === living.record && row.from === living.from) return;
    this.#find(living.from, `the history of ${address} up to ${seq} is not what the journal gives`);
  }

  #compareLiving(): void {
    const base = this.#environment.id * ID_SPAN;
    const seen = new Set<string>();
    for (const row of this.#connection.statement(LIVING_ROWS).iterate(base, base + ID_SPAN)) {
      const address = row.address as string;
      const living = this.#living.get(address);
      if (living === undefined || seen.has(address)) {
        this.#find(row.from as number, `the recorded state has ${address}, the journal doesn't give it`);
      } else if (living.record !== row.record || living.from !== row.from) {
        this.#find(living.from, `the recorded state of ${address} is not what the journal gives`);
      }
      seen.add(address);
    }
    for (const [address, { from }] of this.#living) {
      if (!seen.has(address)) this.#find(from, `the recorded state lacks ${address}`);
    }
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
