import type { Address } from './address.ts';
import type { FailurePolicy, TestLevel } from './config/project.ts';
import type { CostReport } from './cost/cost-report.ts';
import type { JournalEvent } from './journal/event.ts';
import type { AuditReport, DeploymentHeader, LockState } from './journal/store.ts';
import type { JsonObject } from './json.ts';
import type { Plan } from './plan/plan.ts';
import type {
  LogLine,
  PropertyDifference,
  RevisionTraffic,
  RunningRevision,
  TrafficRoute,
} from './provider/contract.ts';
import type { ProviderRegistry } from './provider/registry.ts';
import type { DeploymentReport } from './report/report.ts';
import type { State, StateRecord } from './state/record.ts';

export interface SlipwayOptions {
  /** The folder of the config. Default: the process's. */
  directory?: string;
  /** The config file, relative to `directory`. Default: `slipway.config.ts`, else `slipway.yaml`. */
  config?: string;
  /** Default: the only environment, else one is required. */
  environment?: string;
  registry: ProviderRegistry;
  /** For `${env:}` and `${secret:}`. Default: `process.env`. */
  variables?: Readonly<Record<string, string | undefined>>;
}

export interface Selection {
  /** Service or resource names, or addresses. */
  only?: readonly string[];
  tags?: Readonly<Record<string, string>>;
  /** A git revision: services whose files changed since, and their dependents. */
  changedSince?: string;
}

export interface PlanOptions extends Selection {
  /** Version label of what is released. Default: the git commit. */
  ship?: string;
  /**
   * Services get the releases that are active in this environment, instead of what lies in the folder. Not together
   * with `ship` or `changedSince`. Default: the environment's `promoteFrom`, where it has one.
   */
  from?: string;
  tests?: TestLevel;
  onFailure?: FailurePolicy;
  maxParallel?: number;
  sequential?: boolean;
  timeoutMs?: number;
}

export interface RunOptions {
  /** Applied as it is; refused with `plan-stale` when the state moved. Default: a fresh plan from {@link PlanOptions}. */
  plan?: Plan;
  /**
   * Asked with the plan before anything changes, under the lock; false ends with `not-confirmed`. `stops`: asked without
   * the lock whether this deployment, which waits for a person, is to be stopped and to take itself back, by this plan.
   */
  confirm?: (plan: Plan, environment: { name: string; protected: boolean; stops?: string }) => Promise<boolean>;
  /** First abort: stop cleanly (resumable). */
  signal?: AbortSignal;
  /** Aborted: give up at once, wait for nothing. */
  kill?: AbortSignal;
  /** Wait for a held lock that long; 0 is refused at once with `lock-held`. Default 0. */
  waitForLockMs?: number;
  /**
   * False: when only people can make it go on, the run ends with the status `waiting`, the lock is released, and the
   * deployment is taken up later ({@link SlipwayApi.resume}); nothing watches a rollout meanwhile. Default: it waits.
   */
  waitForPerson?: boolean;
  /** What was typed, for the journal; no secrets. */
  command?: string;
}

export type DeployOptions = PlanOptions & RunOptions;
export type DestroyOptions = Pick<PlanOptions, 'only' | 'tags' | 'maxParallel' | 'sequential' | 'timeoutMs'> &
  RunOptions;
export interface RollbackOptions extends RunOptions {
  /** A deployment's id, or a version. Default: the last stable deployment before the newest one. */
  to?: string;
  only?: readonly string[];
  maxParallel?: number;
}
export interface ResumeOptions extends Omit<RunOptions, 'plan'> {
  deployment?: string;
  /** Steps in doubt that a person looked at: their effect did not happen, run them again. */
  redo?: readonly string[];
  /** Steps in doubt that a person looked at: their effect did happen. Only for steps that record nothing. */
  done?: readonly string[];
}

/** What became of a wish. */
export interface LeftWish {
  deployment: string;
  /** A living process runs the deployment and hears it. */
  running: boolean;
  /** No process runs it: whoever takes it up ({@link SlipwayApi.resume}) obeys it first. */
  left?: boolean;
  /** The newest deployment, where that came after it: it can neither go on nor back any more. */
  supersededBy?: string;
  /** Held by who has begun nothing yet, and hears nothing: it plans, or waits for the answer to a question. */
  heldBy?: LockState;
}

/** What a listener hears while a deployment runs: the journal's own events and what is only for eyes. */
export type SlipwayEvent =
  | { kind: 'planned'; plan: Plan }
  | { kind: 'started'; deployment: string; plan: Plan }
  | { kind: 'journal'; event: JournalEvent }
  | { kind: 'log'; step: string; line: string }
  | { kind: 'call'; step: string; call: string; durationMs: number; error?: string }
  | { kind: 'waiting-for-lock'; holder: LockState };

export interface DriftReport {
  environment: string;
  items: {
    address: Address;
    status: 'in-sync' | 'drifted' | 'missing' | 'cannot-tell';
    differences: PropertyDifference[];
    look?: string;
  }[];
}

/** What a valid config declares. */
export interface ValidationReport {
  project: string;
  /** Absolute path of the config file. */
  file: string;
  environments: { name: string; resources: number; services: number }[];
}

export interface EnvironmentStatus {
  project: string;
  environment: string;
  lock: LockState | null;
  /** The newest deployment. */
  latest: DeploymentHeader | null;
  /** What the newest deployment waits for, while it waits for a person. */
  waiting?: string;
  services: {
    name: string;
    url: string | null;
    version: string | null;
    revision: string | null;
    weights: Record<string, number>;
    /** What goes to a revision whatever the weights; absent: nothing. */
    routes?: TrafficRoute[];
    /** How many instances of each revision are recorded, by revision. */
    instances: Record<string, number>;
    running: RunningRevision[];
    traffic: Record<string, RevisionTraffic>;
    health: 'healthy' | 'unhealthy' | 'unknown';
    reason?: string;
  }[];
  resources: number;
}

/**
 * The programmatic interface; the command line uses nothing else. Open one per command with
 * `Slipway.open(options)` and close it.
 *
 * Errors are `SlipwayError`s. Codes: `config-invalid` (with `details.problems`), `environment-required`,
 * `environment-unknown`, `lock-held`, `plan-stale`, `plan-mismatch`, `protected`, `capability-missing`,
 * `not-confirmed`, `promotion-refused`, `nothing-to-resume`, `nothing-to-roll-back`, `already-rolled-back`,
 * `taken-back-already`, `rollback-unfinished`, `deployment-unknown`, `fenced`,
 * `journal-unavailable`. A run that failed is not an error but a report with its status.
 */
export interface SlipwayApi {
  /**
   * Reads the config for the named environment, or for each one when none was named. Throws `config-invalid`
   * with all problems at once; changes nothing.
   */
  validate(): Promise<ValidationReport>;
  plan(options?: PlanOptions): Promise<Plan>;
  deploy(options?: DeployOptions): Promise<DeploymentReport>;
  planDestroy(options?: DestroyOptions): Promise<Plan>;
  destroy(options?: DestroyOptions): Promise<DeploymentReport>;
  planRollback(options?: RollbackOptions): Promise<Plan>;
  rollback(options?: RollbackOptions): Promise<DeploymentReport>;
  resume(options?: ResumeOptions): Promise<DeploymentReport>;
  /**
   * Leaves a wish for a deployment in whatever state, and says who will hear it. `promote` also ends every hold, pause
   * and analysis that is still to come; `abort` takes everything back.
   */
  control(
    what: 'cancel' | 'abort' | 'pause' | 'continue' | 'promote',
    deployment?: string,
    reason?: string,
  ): Promise<LeftWish>;

  status(): Promise<EnvironmentStatus>;
  report(deployment?: string): Promise<DeploymentReport>;
  /** All environments when none was named. */
  history(limit?: number): Promise<Omit<DeploymentReport, 'steps'>[]>;
  /** From the first event; with `follow`, live until the deployment ends or the signal. */
  events(
    deployment: string | undefined,
    options?: { follow?: boolean; signal?: AbortSignal },
  ): AsyncIterable<JournalEvent>;
  logs(service: string, options?: { lines?: number; follow?: boolean; signal?: AbortSignal }): AsyncIterable<LogLine>;
  graph(): Promise<{
    nodes: { address: Address; type: string; state: 'declared' | 'recorded' | 'both' }[];
    edges: { from: Address; to: Address }[];
  }>;
  state(): Promise<State>;
  /** What is recorded costs a month. Looks at nothing outside, and needs no readable config. */
  cost(): Promise<CostReport>;
  drift(): Promise<DriftReport>;
  /** Brings what drifted back to what is recorded. */
  fixDrift(options?: RunOptions): Promise<DeploymentReport>;
  /** A resource by the provider's id, or a service whose record was lost by the id of the revision that users reach. */
  import(address: Address, id: string): Promise<StateRecord>;
  moveState(from: Address, to: Address): Promise<void>;
  removeState(address: Address): Promise<void>;
  audit(anchors?: Record<string, string>): Promise<AuditReport>;
  /** Goes on with a new key after the old one was lost. Returns the environments; none when nothing was lost. */
  acceptKey(): Promise<string[]>;

  on(listener: (event: SlipwayEvent) => void): () => void;
  close(): Promise<void>;
}

export type { JsonObject };
