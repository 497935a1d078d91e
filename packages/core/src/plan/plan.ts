import type { Address } from '../address.ts';
import type { FailurePolicy, Limits } from '../config/project.ts';
import type { JsonObject } from '../json.ts';
import type { Change } from './change.ts';
import type { Step } from './step.ts';

export type PlanKind = 'deploy' | 'destroy' | 'rollback' | 'drift';

/**
 * A DAG of steps and why each is there. Plain JSON: can be saved, shown, compared, approved by its
 * digest and applied later. Holds no secret: those are named, never written.
 */
export interface Plan {
  version: 1;
  kind: PlanKind;
  project: string;
  environment: string;
  /** Version label of the releases in it. */
  ship: string;
  /** SHA-256 of the plan's JSON without this field, members in the order that they have here. */
  digest: string;
  /** The recorded state that it was made against: the environment's newest sequence number that changed state. */
  base: { seq: number };
  /** Every node of the selection, `none` included. */
  changes: Change[];
  steps: Step[];
  /** How many waves the steps form: the longest path, counted in steps. For people; never a barrier. */
  waves: number;
  /** The steps that decide the duration, first to last. */
  criticalPath: string[];
  /** Makespan under the limits, as scheduled with the estimates. */
  estimateMs: number;
  /** Present where something recorded or planned has a known cost that isn't zero. */
  cost?: PlanCost;
  onFailure: FailurePolicy;
  limits: Limits;
  /** What running it takes besides the steps, so that a resume or rollback doesn't hang on today's config. */
  runtime: PlanRuntime;
  /** For the whole deployment; undefined means no deadline. */
  timeoutMs?: number;
  /** What a person should know before: unmet dependencies of a selection, what can't be rolled back, … */
  warnings: PlanWarning[];
  /** For `rollback`: the deployment that is taken back and the one whose state comes back. */
  rollback?: { of: string | null; to: string | null };
  /** For `deploy`: whose releases these are, where they come from another environment instead of from source. */
  from?: PlanOrigin;
}

/** Where promoted releases come from. */
export interface PlanOrigin {
  environment: string;
  /** The newest deployment that completed there. */
  deployment: string;
  /** Version labels by service name, of every service of the selection. */
  versions: Record<string, string>;
}

/** What everything in the environment costs a month, selected or not, before the plan and after it. */
export interface PlanCost {
  /** By currency, in alphabetical order; never summed. What is known, in units of the currency, to a millionth. */
  monthly: { currency: string; before: number; after: number }[];
  /** What has a cost, before or after, that isn't known; not in the amounts. */
  unknown: Address[];
}

export interface PlanRuntime {
  /** The environment's platform options. */
  platform: { use: string } & JsonObject;
  router?: { use: string } & JsonObject;
  metricSources?: Record<string, { use: string } & JsonObject>;
  /** Where secrets are looked up besides the environment: dotenv files, absolute. */
  secretFiles: string[];
  protected: boolean;
}

export interface PlanWarning {
  code:
    | 'unmet-dependency'
    | 'not-reversible'
    | 'protected'
    | 'migration'
    | 'not-looked-at'
    | 'port-in-use'
    | 'router-unusable'
    | 'no-visitors'
    | 'note';
  subject: Address | string;
  message: string;
}
