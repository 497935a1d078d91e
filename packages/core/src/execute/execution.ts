import type { ErrorRecord } from '../errors.ts';
import type { JournalEvent } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { JsonValue } from '../json.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import type { CallContext, ErrorClass } from '../provider/contract.ts';
import type { StepStatus } from '../report/report.ts';
import type { Clock } from './clock.ts';
import type { StepHandlers, Wishes } from './handler.ts';
import type { WaitingStep } from './waiting-list.ts';

/** Holds a run back: while paused nothing new starts; what runs goes on, and what is in doubt is settled. */
export interface PauseControl {
  paused(): boolean;
  /** Told after each change. Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
}

/** A person's word on steps that are in doubt. Steps that aren't in doubt are left alone. */
export interface DoubtDecisions {
  /** The effect did not happen: run them again. */
  redo: ReadonlySet<string>;
  /** The effect did happen: count them as succeeded, recording nothing. */
  done: ReadonlySet<string>;
}

export interface ExecuteOptions {
  plan: Pick<Plan, 'steps' | 'limits' | 'onFailure' | 'timeoutMs'>;
  journal: Journal;
  handlers: StepHandlers;
  /** What earlier runs of the same deployment journalled, oldest first. Default: there were none. */
  past?: Iterable<JournalEvent>;
  /** Replaces references in every string, deeply; `forRecord` leaves `${secret:}`. */
  resolve: <T extends JsonValue>(value: T, forRecord: boolean) => T;
  /** What provider calls of this step get. */
  callContext: (step: Step, signal: AbortSignal, log: (line: string) => void) => CallContext;
  /** Whether what a call threw may pass by itself. */
  classify: (step: Step, error: unknown) => ErrorClass;
  /** The idempotency token: the same for every attempt and after a resume. */
  token: (stepId: string) => string;
  settle?: DoubtDecisions;
  /** Settle what is in doubt and run nothing: what a rollback of a killed deployment begins with. Default false. */
  settleOnly?: boolean;
  /** Aborted: start nothing new, abort what runs, settle it, leave the journal resumable. */
  signal?: AbortSignal;
  /** Aborted: like `signal`, but what is in doubt is settled nevertheless: everything will be taken back. */
  abort?: AbortSignal;
  /** Aborted: return at once. What ran stays in doubt. */
  kill?: AbortSignal;
  control?: PauseControl;
  /** What people said. Default: nobody can say anything. */
  wishes?: Wishes;
  /** Told whenever a step begins or ends to wait for a person: of all that do then. */
  onWaiting?: (waiting: WaitingStep[]) => void;
  /**
   * False: when only people can make it go on, the run ends as `waiting`, to be taken up later; nobody watches a
   * rollout meanwhile. Default true: it waits.
   */
  waitForPerson?: boolean;
  /** Looks once more for what people said, before a run ends for want of it. */
  lastLook?: () => Promise<void>;
  /** One line of progress of a step, not redacted. */
  onLog?: (step: Step, line: string) => void;
  /** Default: the process's own. */
  clock?: Clock;
  /** 0 (included) to 1 (excluded). Default: Math.random. */
  random?: () => number;
}

export interface ExecutionResult {
  /** `cancelled` and `timed_out` only when they kept something from being done. `waiting`: for a person. */
  status: 'completed' | 'failed' | 'timed_out' | 'cancelled' | 'waiting';
  /**
   * Every step of the plan, in its order. `pending`: nothing was begun. `running`: in doubt, an intent
   * without outcome that the next resume settles (after `kill`, or when it was never asked about). `waiting`: the
   * same, of one that waits for a person.
   */
  steps: ReadonlyMap<string, StepStatus>;
  /** Final failures of this run, in the order they happened. */
  failures: { step: string; error: ErrorRecord }[];
  /** What a person must look at, in the order it was found. */
  unknown: { step: string; look: string }[];
}
