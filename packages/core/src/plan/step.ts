import type { Address } from '../address.ts';
import type { Analysis, HealthCheck, Migrations, ServiceSpec, TestLevel } from '../config/project.ts';
import type { JsonObject } from '../json.ts';
import type { TrafficRoute } from '../provider/contract.ts';
import type { Release, ReplaceOrder, RevisionRecord, SecretHashes, StateRecord } from '../state/record.ts';

/** What is wanted of a resource, references still unresolved. */
export interface DesiredResource {
  type: string;
  properties: JsonObject;
  /** For the record, where the properties come with their references resolved already. */
  declared?: JsonObject;
  secrets: SecretHashes;
  dependsOn: Address[];
  tags: Record<string, string>;
  protect: boolean;
  replace: ReplaceOrder;
}

/** What is wanted of a revision; the artifact's digest is known once it was built. */
export interface DesiredRevision {
  id: string;
  release: Omit<Release, 'artifact'>;
  /** Known when the same source was built before; otherwise the build step tells. */
  artifact?: string;
  /** Under which the artifact is catalogued: the digest of source and build command. */
  buildFingerprint: string;
  spec: ServiceSpec;
  /** `env` for the record, where that of `spec` comes with its references resolved already. */
  declared?: Record<string, string>;
  secrets: SecretHashes;
  /** Of another environment: exactly this artifact is wanted, where an equal build will do otherwise. */
  promoted?: true;
}

/** Each action with what its handler needs. `action` is the first word that people read. */
export type StepWork =
  | { action: 'create'; input: { desired: DesiredResource } }
  | { action: 'update'; input: { desired: DesiredResource; changed: string[] } }
  /** Deletes what is recorded at `at`: the step's subject, or the predecessor that a replacement left beside it. */
  | { action: 'delete'; input: { at: Address } }
  /** Changes of the record alone, nothing outside: moves, tags, dependencies, guards, forgetting. */
  | { action: 'record'; input: { removes: Address[]; puts: StateRecord[] } }
  /** `fingerprint` is the artifact's: source and build command; `source` is checked again before building. */
  | {
      action: 'build';
      input: { path: string; command?: string; fingerprint: string; source: string; shared: string[] };
    }
  | { action: 'migrate'; input: { revision: DesiredRevision; migrations: Migrations } }
  | {
      action: 'migrate-down';
      input: { artifact: string; spec: ServiceSpec; migrations: Migrations; level: string | null };
    }
  /** Makes the release available where its revisions will run: its image, its folder on the hosts. */
  | { action: 'publish'; input: { revision: DesiredRevision } }
  /**
   * Starts the revision beside the others, without traffic. `slots`: the instances that it begins with, 0 alone where
   * it says nothing. `role`: what it is until a switch says otherwise; default `staged`.
   */
  | {
      action: 'stage';
      input: {
        revision: DesiredRevision;
        slots?: number[];
        role?: 'baseline';
        tags: Record<string, string>;
        dependsOn: Address[];
        protect: boolean;
      };
    }
  /** Makes exactly these instances of a revision run that is recorded already. */
  | { action: 'scale'; input: { revision: string; slots: number[] } }
  /** Waits until the revision (of it, these instances) answers as its health check asks. */
  | { action: 'probe'; input: { revision: string; health: HealthCheck; slots?: number[] } }
  | { action: 'test'; input: { revision: string; level: TestLevel; command: string } }
  /**
   * Moves traffic, atomically; `roles` says what every known revision is from then on. `slots`: the instances of a
   * revision that take part; all of it that are recorded, where it says nothing. `routes`: all there are from then on. `leaves`: the revision that is left for one
   * from before it.
   */
  | {
      action: 'switch';
      input: {
        weights: Record<string, number>;
        roles: Record<string, RevisionRecord['role']>;
        slots?: Record<string, number[]>;
        routes?: TrafficRoute[];
        leaves?: string;
      };
    }
  /** Lets time pass. Ends early when a person promotes. */
  | { action: 'hold'; input: { durationMs: number; why: string } }
  /** Waits for a person to continue or promote. */
  | { action: 'pause'; input: { why: string } }
  /** Measures for so long and judges. Ends early when a person promotes, but for a failure. */
  | { action: 'analyse'; input: AnalysisInput & { durationMs: number } }
  /** Measures until the steps at `until` are done, and judges; a promotion doesn't end it. */
  | { action: 'watch'; input: AnalysisInput }
  /** Checks from outside, through the router, that the service answers healthily. */
  | { action: 'verify'; input: { revision: string; health: HealthCheck } }
  /** Waits until the revision has no open request, at most `drainMs`. */
  | { action: 'drain'; input: { revision: string; slots?: number[]; drainMs: number } }
  /** Stops a revision and removes what it left, except the artifact. */
  | { action: 'retire'; input: { revision: string } }
  /** Takes the route away and forgets the service; every revision was retired before. */
  | { action: 'unroute'; input: Record<string, never> };

export type StepAction = StepWork['action'];

/** What is measured of which revision, and what it is held against. */
export interface AnalysisInput {
  revision: string;
  /** The revision with the rest of the traffic; null: there is none, so nothing can be compared with it. */
  stable: string | null;
  /** The fresh copy of the stable revision; null: there is none. */
  baseline: string | null;
  analysis: Analysis;
}

/** One unit of work: what it does, to whom, and what must be done before. */
export type Step = StepWork & {
  /** Unique within the plan, readable: `resource:key/create`, `service:backend/stage`. */
  id: string;
  subject: Address;
  /** Ids of the steps that must have succeeded. */
  needs: string[];
  /** Ids of steps that must have ended, however they ended: order without dependence, for best-effort rollbacks. */
  after?: string[];
  /** Ids of the steps that a `watch` goes on beside: it ends when all of them have succeeded. */
  until?: string[];
  /**
   * The revision whose rollout this is a step of, where it refers to outputs of other nodes: only the run can know
   * for sure whether its release is the one that runs already. Then the step has nothing to do.
   */
  unless?: DesiredRevision;
  /** 1 for a step without needs, else one more than the highest wave among them. */
  wave: number;
  estimateMs: number;
  /** Enforced for each attempt. */
  timeoutMs: number;
  /** Attempts after the first, for transient errors. */
  retries: number;
  /** Whose limits count: the provider and, for resources, the type. */
  provider: string;
  type: string;
};
