import { mkdirSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { type Affinity, type Endpoint, type JsonObject, SlipwayError, type TrafficRoute } from '@slipway/core/provider';
import { fromFirstFormat } from './first-format.ts';
import { agentDirectory, type RevisionName, storeFile } from './locations.ts';

/** How a process ended, as far as it is known. */
export interface ProcessExit {
  at: string;
  code: number | null;
  signal: string | null;
  /** Set when it could not even be started. */
  reason?: string;
}

/** What decides how a revision is run. No secrets. */
export interface RunSpec {
  artifact: { digest: string; directory: string };
  run?: string;
  static?: string;
  /** The service's own folder within the artifact, POSIX separators; `.` for its root. */
  path: string;
  stopGraceMs: number;
  /** PATH and its like from the command that staged it. */
  base: Record<string, string>;
}

/** What is wanted of one instance of a revision, and what is known of its process. */
export interface InstanceRow {
  slot: number;
  /** `removed`: it is being stopped, for good. */
  desired: 'running' | 'removed';
  /** Of its process; for a static site, of its preview. */
  port: number | null;
  process: { pid: number; start: string; marker: string } | null;
  startedAt: string | null;
  restarts: number;
  lastExit: ProcessExit | null;
  /** What it was started with, as a revision's `env`, in base64. Absent: what its revision has now. */
  env?: string;
}

/** What is wanted of a revision. */
export interface RevisionRow extends RevisionName {
  desired: 'running' | 'removed';
  spec: RunSpec;
  /** See {@link import('./sealed-env.ts').EnvSeal}. */
  env: Uint8Array;
  /** What the platform was asked to keep beside it. */
  record: JsonObject;
  /** By number, ascending. */
  instances: InstanceRow[];
}

/** An instance that takes part in a route. */
export interface BackendRow extends Endpoint {
  /** This agent hosts it: when its address changes, the route follows. */
  own: boolean;
}

export interface RouteRow {
  environment: string;
  service: string;
  port: number;
  weights: Record<string, number>;
  backends: Record<string, BackendRow[]>;
  routes: TrafficRoute[];
  affinity?: Affinity;
}

/** Of the rows: 1 knew one process for each revision, and routes without backends. */
const SCHEMA_VERSION = 2;
const SCHEMA = `
  CREATE TABLE epochs (environment TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
  CREATE TABLE revisions (
    environment TEXT NOT NULL, service TEXT NOT NULL, revision TEXT NOT NULL,
    row TEXT NOT NULL, env BLOB NOT NULL, PRIMARY KEY (environment, service, revision)) STRICT;
  CREATE TABLE routes (
    environment TEXT NOT NULL, service TEXT NOT NULL,
    row TEXT NOT NULL, PRIMARY KEY (environment, service)) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/**
 * What an agent must know after a crash, durable when a method returns, and the lock that makes it the
 * only agent of its state directory: the file stays locked while it is open, and the kernel frees it
 * with the process.
 */
export class AgentStore {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Undefined: another agent holds it. */
  static open(state: string): AgentStore | undefined {
    mkdirSync(agentDirectory(state), { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(storeFile(state), { timeout: 0 });
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      db.exec('BEGIN EXCLUSIVE');
      const version = db.prepare('PRAGMA user_version').get()?.user_version;
      if (version === 0) db.exec(SCHEMA);
      else if (version === 1) fromFirstFormat(db, SCHEMA_VERSION);
      else if (version !== SCHEMA_VERSION) throw unreadable(state, Number(version));
      db.exec('COMMIT');
      return new AgentStore(db);
    } catch (error) {
      db.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw error;
    }
  }

  /** The highest epoch seen of the environment, 0 before the first. */
  epoch(environment: string): number {
    const row = this.#db.prepare('SELECT epoch FROM epochs WHERE environment = ?').get(environment);
    return Number(row?.epoch ?? 0);
  }

  saveEpoch(environment: string, epoch: number): void {
    this.#db.prepare('INSERT OR REPLACE INTO epochs VALUES (?, ?)').run(environment, epoch);
  }

  revisions(): RevisionRow[] {
    return this.#db.prepare('SELECT row, env FROM revisions ORDER BY rowid').all().map(toRevision);
  }

  saveRevision(row: RevisionRow): void {
    const { env, ...rest } = row;
    this.#db
      .prepare(
        `INSERT INTO revisions VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET row = excluded.row, env = excluded.env`,
      )
      .run(row.environment, row.service, row.revision, JSON.stringify(rest), env);
  }

  removeRevision(name: RevisionName): void {
    this.#db
      .prepare('DELETE FROM revisions WHERE environment = ? AND service = ? AND revision = ?')
      .run(name.environment, name.service, name.revision);
  }

  routes(): RouteRow[] {
    const rows = this.#db.prepare('SELECT row FROM routes ORDER BY rowid').all();
    return rows.map((row) => JSON.parse(String(row.row)) as RouteRow);
  }

  saveRoute(row: RouteRow): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO routes VALUES (?, ?, ?)')
      .run(row.environment, row.service, JSON.stringify(row));
  }

  removeRoute(environment: string, service: string): void {
    this.#db.prepare('DELETE FROM routes WHERE environment = ? AND service = ?').run(environment, service);
  }

  close(): void {
    this.#db.close();
  }
}

const SQLITE_BUSY = 5;

function unreadable(state: string, version: number): SlipwayError {
  return new SlipwayError('agent-store-version', `${storeFile(state)} has format ${version}, not ${SCHEMA_VERSION}.`, {
    hint: 'Another version of Slipway wrote it: use that one.',
  });
}

function toRevision(row: Record<string, SQLOutputValue>): RevisionRow {
  const rest = JSON.parse(String(row.row)) as Omit<RevisionRow, 'env'>;
  return { ...rest, env: row.env as Uint8Array };
}
