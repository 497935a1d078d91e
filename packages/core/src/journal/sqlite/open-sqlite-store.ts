import type { Address } from '../../address.ts';
import type { SlipwayError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { State, StateRecord } from '../../state/record.ts';
import type { JournalEvent, NewEvent } from '../event.ts';
import { type LeaseClock, systemLeaseClock, wallClock } from '../lease-clock.ts';
import type {
  ArtifactEntry,
  AuditReport,
  ControlRequest,
  DeploymentHeader,
  EventQuery,
  LockHolder,
  LockResult,
  LockState,
  Store,
} from '../store.ts';
import { acceptKey } from './accept-key.ts';
import { append, type Tables } from './append.ts';
import { readArtifact } from './artifact-table.ts';
import { audit } from './audit.ts';
import type { Connection } from './connection.ts';
import { DeploymentTable } from './deployment-table.ts';
import { DurationTable } from './duration-table.ts';
import { explainSqliteError } from './errors.ts';
import { readEvents } from './event-table.ts';
import { type HeadRow, Heads } from './head.ts';
import { keyIn, requireKey, type StoreKey } from './key-mark.ts';
import { LockTable } from './lock-table.ts';
import { openConnection } from './open-connection.ts';
import { readPlan, savePlan } from './plan-table.ts';
import { leaveRequest, readRequests } from './request-table.ts';
import { ID_SPAN } from './schema.ts';
import { StateTable } from './state-table.ts';
import { watchWrites } from './watch-writes.ts';
import { Witness } from './witness.ts';

export interface SqliteStoreOptions {
  /** The database file; made if it isn't there, with its folder. */
  file: string;
  /** Seals the ends of the chains; see `readKey`. What is wrong with it instead: then the store can only be read. */
  key: Uint8Array | SlipwayError;
  /** The wall clock of the leases alone, in ms since 1970. Default: see {@link systemLeaseClock}. */
  now?: () => number;
  /** The clock of the leases, whole. */
  clock?: LeaseClock;
}

const DEFAULT_LIMIT = 10_000;

/**
 * Opens the embedded store: one SQLite file, used by any number of processes on this machine at once.
 * Every write is on disk when it resolves. Throws `state-too-new`, `state-corrupt`, `state-foreign`,
 * `state-behind` when newer records were there once, or `journal-unavailable`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return new SqliteStore(await openConnection(options.file), options);
}

class SqliteStore implements Store {
  readonly #connection: Connection;
  readonly #key: StoreKey;
  readonly #tables: Tables;
  readonly #locks: LockTable;
  readonly #witness: Witness;

  constructor(connection: Connection, options: SqliteStoreOptions) {
    const heads = new Heads(connection, options.key);
    const clock = options.clock ?? (options.now === undefined ? systemLeaseClock() : wallClock(options.now));
    this.#locks = new LockTable(connection, heads, options.key, clock);
    this.#connection = connection;
    this.#witness = new Witness(connection.file);
    this.#key = options.key;
    this.#tables = {
      connection,
      heads,
      locks: this.#locks,
      state: new StateTable(connection),
      deployments: new DeploymentTable(connection),
      durations: new DurationTable(connection),
    };
  }

  async acquireLock(
    environment: string,
    holder: LockHolder,
    leaseMs: number,
    options: { replacing?: number } = {},
  ): Promise<LockResult> {
    return this.#locks.acquire(environment, holder, leaseMs, options.replacing);
  }

  async renewLock(environment: string, epoch: number, leaseMs: number): Promise<boolean> {
    return this.#locks.renew(environment, epoch, leaseMs);
  }

  async releaseLock(environment: string, epoch: number): Promise<void> {
    this.#locks.release(environment, epoch);
  }

  async readLock(environment: string): Promise<LockState | undefined> {
    return this.#read(() => this.#locks.read(environment));
  }

  async append(environment: string, epoch: number, events: readonly NewEvent[]): Promise<JournalEvent[]> {
    const written = append(this.#tables, environment, epoch, events);
    const id = this.#tables.heads.numberOf(environment);
    if (id !== undefined && written.length > 0) this.#witness.note(id, written.at(-1)?.seq ?? 0);
    return written;
  }

  async savePlan(plan: Plan): Promise<void> {
    savePlan(this.#connection, plan);
  }

  async plan(digest: string): Promise<Plan | undefined> {
    return this.#read(() => readPlan(this.#connection, digest));
  }

  async events(query: EventQuery): Promise<JournalEvent[]> {
    return this.#read(() => this.#events(query));
  }

  async state(environment: string, at?: number): Promise<State> {
    return this.#read(() => {
      const head = this.#tables.heads.find(environment);
      if (head === undefined) return new Map<Address, StateRecord>();
      const { state } = this.#tables;
      return at === undefined ? state.readNow(head.id, head.stateSeq) : state.readAt(head.id, at);
    });
  }

  async record(environment: string, address: Address): Promise<StateRecord | undefined> {
    return this.#read(() => {
      const head = this.#tables.heads.find(environment);
      return head === undefined ? undefined : this.#tables.state.record(head.id, head.seq, address);
    });
  }

  async stateSeq(environment: string): Promise<number> {
    return this.#read(() => this.#tables.heads.find(environment)?.stateSeq ?? 0);
  }

  async changedSince(
    environment: string,
    seq: number,
  ): Promise<{ address: Address; seq: number; deployment: string | null }[]> {
    return this.#read(() => {
      const head = this.#tables.heads.find(environment);
      if (head === undefined) return [];
      return this.#tables.state.changedSince(head.id, seq).map((change) => ({
        ...change,
        deployment: this.#deploymentOf(head.id, change.seq),
      }));
    });
  }

  async deployments(query: { environment?: string; limit?: number }): Promise<DeploymentHeader[]> {
    return this.#read(() => {
      const rows = this.#environmentRows();
      const wanted = query.environment === undefined ? rows : rows.filter((row) => row.name === query.environment);
      return this.#tables.deployments.newest(
        wanted.map((row) => row.id),
        query.limit ?? DEFAULT_LIMIT,
      );
    });
  }

  async deployment(id: string): Promise<DeploymentHeader | undefined> {
    return this.#read(() => this.#tables.deployments.find(id));
  }

  async environments(): Promise<string[]> {
    return this.#read(() => this.#environmentRows().map((row) => row.name));
  }

  async durations(environment: string): Promise<ReadonlyMap<string, number>> {
    return this.#read(() => {
      const head = this.#tables.heads.find(environment);
      return head === undefined ? new Map<string, number>() : this.#tables.durations.read(head.id, head.durationsSeq);
    });
  }

  async artifact(fingerprint: string): Promise<ArtifactEntry | undefined> {
    return this.#read(() => readArtifact(this.#connection, fingerprint));
  }

  async request(request: Omit<ControlRequest, 'number'>): Promise<number> {
    return leaveRequest(this.#connection, request);
  }

  async requests(deployment: string, after: number): Promise<ControlRequest[]> {
    return this.#read(() => readRequests(this.#connection, deployment, after));
  }

  onWrite(listener: () => void): () => void {
    return watchWrites(this.#connection.file, listener);
  }

  async requireKey(): Promise<void> {
    this.#read(() => requireKey(this.#connection, this.#key));
  }

  async acceptKey(by: string): Promise<string[]> {
    const key = keyIn(this.#key);
    const { findings } = await this.#auditWith('unsealed');
    return acceptKey(this.#tables, key, by, findings);
  }

  /** Reads on a connection of its own, so that writing goes on meanwhile. */
  async audit(options: { anchors?: Record<string, string> } = {}): Promise<AuditReport> {
    return await this.#auditWith(this.#key, options.anchors);
  }

  async #auditWith(key: StoreKey | 'unsealed', anchors: Record<string, string> = {}): Promise<AuditReport> {
    const connection = await openConnection(this.#connection.file);
    try {
      return await audit(connection, key, anchors);
    } catch (error) {
      throw explainSqliteError(error, this.#connection.file);
    } finally {
      connection.rollback();
      connection.close();
    }
  }

  async close(): Promise<void> {
    this.#witness.close();
    this.#connection.close();
  }

  /** Every read sees one moment, though it may take several statements. */
  #read<T>(work: () => T): T {
    return this.#connection.read(work);
  }

  #environmentRows(): (Pick<HeadRow, 'id'> & { name: string })[] {
    return this.#connection.all('SELECT id, name FROM environments WHERE seq > 0 ORDER BY name');
  }

  #events(query: EventQuery): JournalEvent[] {
    const { after = 0, limit = DEFAULT_LIMIT } = query;
    const only = query.environment === undefined ? undefined : (this.#tables.heads.find(query.environment)?.id ?? -1);
    if (query.deployment !== undefined) {
      const row = this.#tables.deployments.row(query.deployment);
      if (row === undefined || (only !== undefined && row.environment !== only)) return [];
      return readEvents(this.#connection, {
        environment: row.environment,
        after: Math.max(after, row.firstSeq - 1),
        last: row.lastSeq,
        deployment: query.deployment,
        limit,
      });
    }
    if (only !== undefined) return readEvents(this.#connection, { environment: only, after, limit });
    const events: JournalEvent[] = [];
    for (const { id } of this.#environmentRows()) {
      for (const event of readEvents(this.#connection, { environment: id, after, limit: limit - events.length })) {
        events.push(event);
      }
    }
    return events;
  }

  #deploymentOf(environment: number, seq: number): string | null {
    const sql = "SELECT content ->> '$.deployment' AS deployment FROM events WHERE id = ?";
    return this.#connection.get<{ deployment: string | null }>(sql, environment * ID_SPAN + seq)?.deployment ?? null;
  }
}
