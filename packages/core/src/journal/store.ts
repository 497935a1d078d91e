import type { Address } from '../address.ts';
import type { Plan, PlanKind } from '../plan/plan.ts';
import type { State, StateRecord } from '../state/record.ts';
import type { BuiltArtifact, DeploymentStatus, JournalEvent, NewEvent } from './event.ts';

/** Who holds an environment's lock, as told to others who want it. */
export interface LockHolder {
  /** Unique per acquisition. */
  id: string;
  host: string;
  pid: number;
  /** Kernel start time of the pid, where it can be had: tells a reused pid from the real holder. */
  processStart: string | null;
  user: string;
  command: string;
  /** When it took the lock, ISO 8601 UTC. */
  since: string;
}

export interface LockState {
  environment: string;
  epoch: number;
  holder: LockHolder;
  /** ISO 8601 UTC; renewed while the holder lives. */
  expiresAt: string;
}

export type LockResult =
  | {
      kind: 'acquired';
      epoch: number /** The holder whose lease had run out or who was replaced. */;
      tookOverFrom?: LockHolder;
    }
  | { kind: 'held'; by: LockState };

/** The header of one deployment, a projection of its events. */
export interface DeploymentHeader {
  id: string;
  environment: string;
  kind: PlanKind;
  status: DeploymentStatus;
  project: string;
  ship: string;
  plan: string;
  snapshot: number;
  /** Sequence number of its newest event. */
  lastSeq: number;
  startedAt: string;
  endedAt: string | null;
  /** Of the run that ended it: what passed before it was resumed isn't counted. */
  durationMs: number | null;
  counts: Record<'create' | 'update' | 'replace' | 'delete' | 'none', number>;
  rollbackOf: string | null;
  error: { code: string; message: string } | null;
}

export interface EventQuery {
  environment?: string;
  deployment?: string;
  /** Only events after this sequence number. Default 0. */
  after?: number;
  /** At most so many, oldest first. Default 10,000. */
  limit?: number;
}

export type AuditFinding = { environment: string; seq: number; what: string };
export interface AuditReport {
  /** Per environment: how many records, and the newest as `SEQ:HASH`, to be kept elsewhere as an anchor. */
  chains: { environment: string; records: number; head: string }[];
  /** Altered, removed, added or reordered records; a state that the journal doesn't give. Empty: sound. */
  findings: AuditFinding[];
}

export interface ArtifactEntry extends BuiltArtifact {
  /** ISO 8601 UTC. */
  createdAt: string;
}

/** What a person asks of a running deployment. `abort`: stop and take back; `cancel`: stop, resumable. */
export interface ControlRequest {
  number: number;
  deployment: string;
  what: 'cancel' | 'abort' | 'pause' | 'continue' | 'promote';
  by: string;
  at: string;
  reason?: string;
}

/**
 * Where the journal and everything read out of it are kept. Implementations pass one conformance suite.
 * All methods may be called from several processes at once.
 */
export interface Store {
  /**
   * Takes the environment's lock if it is free or its lease has run out. `replacing`: also when it is held
   * under exactly this epoch (the caller made sure that the holder is dead). The epoch only ever grows: it is
   * above every one that the journal has, whatever is said beside it. Throws what {@link requireKey} throws.
   */
  acquireLock(
    environment: string,
    holder: LockHolder,
    leaseMs: number,
    options?: { replacing?: number },
  ): Promise<LockResult>;
  /** False: the lease is lost, another epoch is in force. */
  renewLock(environment: string, epoch: number, leaseMs: number): Promise<boolean>;
  releaseLock(environment: string, epoch: number): Promise<void>;
  readLock(environment: string): Promise<LockState | undefined>;

  /**
   * Appends in order, all or nothing, durable when it resolves; state changes, deployment headers, artifacts
   * and durations are brought up in the same transaction. Throws `fenced` when `epoch` is not that of a lock
   * now held (a lease that ran out still counts until someone took over), or when this store acquired it and
   * another holder has it now, even under the same epoch; `journal-unavailable` when it can't be written: then
   * nothing was.
   */
  append(environment: string, epoch: number, events: readonly NewEvent[]): Promise<JournalEvent[]>;

  /** Plans are immutable and kept under their digest. Safe to repeat. Call before the event that names it. */
  savePlan(plan: Plan): Promise<void>;
  plan(digest: string): Promise<Plan | undefined>;

  events(query: EventQuery): Promise<JournalEvent[]>;
  /** The recorded world, now or as it was right after the event `at`. */
  state(environment: string, at?: number): Promise<State>;
  record(environment: string, address: Address): Promise<StateRecord | undefined>;
  /** Sequence number of the newest event that changed state; 0 when none did. */
  stateSeq(environment: string): Promise<number>;
  /** Which addresses changed after `seq`, and the newest event that did it. */
  changedSince(
    environment: string,
    seq: number,
  ): Promise<{ address: Address; seq: number; deployment: string | null }[]>;

  /** Newest first: within an environment as they came, whatever the clock said. `id` may be a unique prefix for {@link deployment}. */
  deployments(query: { environment?: string; limit?: number }): Promise<DeploymentHeader[]>;
  deployment(id: string): Promise<DeploymentHeader | undefined>;
  environments(): Promise<string[]>;

  /** Durations in ms by step id (`resource:key/create`) of steps that really ran, smoothed (the newest counts half). */
  durations(environment: string): Promise<ReadonlyMap<string, number>>;

  /**
   * The newest artifact that a fingerprint was built into, as the event of its build says. Throws
   * `journal-tampered` when what is found is not that event.
   */
  artifact(fingerprint: string): Promise<ArtifactEntry | undefined>;

  /** Leaves a wish for the process that runs the deployment, from another terminal. Returns its number. */
  request(request: Omit<ControlRequest, 'number'>): Promise<number>;
  /**
   * Tells, within some tens of milliseconds, that a process may have written something, this one included. May tell for
   * nothing and, where the system can't say, never: who must not miss anything looks from time to time as well. Costs
   * nothing while nobody writes, and doesn't keep the process alive. Returns the way to stop listening.
   */
  onWrite(listener: () => void): () => void;
  /** Wishes for this deployment after that number, oldest first. */
  requests(deployment: string, after: number): Promise<ControlRequest[]>;

  /**
   * Throws when the store was not opened with the key that its journal was begun with: `key-other`, or why
   * there is none (`key-missing`, `key-damaged`, `key-unreadable`). It can be read then, and not written.
   */
  requireKey(): Promise<void>;
  /**
   * Goes on with the key that this store was opened with, after the journal's own was lost: seals every chain
   * anew and puts that down in each, as one. Who holds a lock is fenced. Safe to repeat; does nothing when it is
   * the journal's own. Returns the environments. Throws `journal-tampered` when the chains aren't whole.
   */
  acceptKey(by: string): Promise<string[]>;

  /** `anchors`: by environment, a head that an earlier audit reported. Throws `bad-anchor`. */
  audit(options?: { anchors?: Record<string, string> }): Promise<AuditReport>;
  close(): Promise<void>;
}
