import type { ErrorRecord } from '../errors.ts';
import type { DeploymentStatus } from '../journal/event.ts';
import type { JsonObject } from '../json.ts';
import type { PlanKind, PlanOrigin, PlanWarning } from '../plan/plan.ts';

export type StepStatus =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'skipped'
  | 'unknown'
  | 'cancelled';

export interface StepReport {
  id: string;
  action: string;
  subject: string;
  status: StepStatus;
  attempts: number;
  startedAt: string | null;
  durationMs: number | null;
  estimateMs: number;
  error?: ErrorRecord;
  /** For `succeeded`: the id of what was as it should be, so that the step left it as it was. */
  unchanged?: string;
  /** For `unknown`: what a person must check. */
  look?: string;
  /** For `waiting`: what a person is waited for. */
  waiting?: string;
  /** Of a step that waited for a person: what that one said. */
  wish?: { what: string; by: string; reason: string | null };
  /** Of an analysis: what was measured, oldest first, the newest 1,000. */
  measurements?: JsonObject[];
  /** Of an analysis: what it came to, with the reasons. */
  verdict?: JsonObject;
}

/** One deployment as `deploy --json`, `status --json` and `show --json` print it: a projection of its journal. */
export interface DeploymentReport {
  version: 1;
  id: string;
  kind: PlanKind;
  status: DeploymentStatus;
  project: string;
  environment: string;
  ship: string;
  /** Where the releases come from, if not from source. Not in `history`. */
  from?: PlanOrigin;
  startedAt: string;
  endedAt: string | null;
  /** Of the run that ended it: what passed before it was resumed isn't counted. */
  durationMs: number | null;
  counts: Record<'create' | 'update' | 'replace' | 'delete' | 'none', number>;
  steps: StepReport[];
  /** For `waiting`: for what, of whom. */
  waiting?: string;
  /** By address. */
  outputs: Record<string, JsonObject>;
  /** By service name. */
  urls: Record<string, string>;
  error?: ErrorRecord;
  /** Of a run that had nothing to do: what its plan warned of. Other plans are kept with their deployment. */
  warnings?: PlanWarning[];
  rollback?: RollbackReport;
}

export interface RollbackReport {
  id: string;
  status: DeploymentStatus;
  /** Addresses brought back to what they were. */
  restored: string[];
  /** Addresses that the deployment had created and that are gone again. */
  destroyed: string[];
  failed: { subject: string; error: ErrorRecord }[];
}
