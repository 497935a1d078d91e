import type { Address } from '../address.ts';
import type { BuiltArtifact } from '../journal/event.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Step, StepAction } from '../plan/step.ts';
import type { CallContext } from '../provider/contract.ts';
import type { StateChange, StateRecord } from '../state/record.ts';

/** What a handler gets for one step. */
export interface StepContext {
  deployment: string;
  environment: string;
  /** The idempotency token: the same for every attempt and after a resume. */
  token: string;
  /** 1 for the first. */
  attempt: number;
  /** Aborted on timeout and cancel. */
  signal: AbortSignal;
  /** The recorded world now, outcomes of this run included. */
  record(address: Address): StateRecord | undefined;
  /** Replaces `${resource:}`, `${service:}` and `${secret:}` in every string, deeply; unresolvable ones are an error. */
  resolve<T extends JsonValue>(value: T): T;
  /** Like {@link resolve}, but leaves `${secret:}`: what may be recorded. */
  resolveForRecord<T extends JsonValue>(value: T): T;
  /** Makes a fact durable in the middle of the step. */
  note(fact: JsonObject): Promise<void>;
  /** Facts noted by this step so far, those from before a crash included, oldest first. */
  notes: readonly JsonObject[];
  /** Progress for people, one line; redacted on its way. */
  log(line: string): void;
  /** What people said from any terminal; kept, so that nothing said while nobody listened is lost. */
  wishes: Wishes;
  /** Shows the step, and the deployment, as waiting for a person until the returned function is called. */
  waiting(reason: string): () => void;
  /** Of a step with `until`: aborted when all of those steps have succeeded. Of others: never. */
  over: AbortSignal;
  /** In `settle`, after an attempt of this run: what it threw. Absent after a crash, a timeout or a cancel. */
  failure?: unknown;
  /** What provider calls get. */
  call: CallContext;
}

/** A person's word to a waiting step. */
export interface Wish {
  /** Grows with every wish for this deployment. */
  number: number;
  what: 'continue' | 'promote';
  by: string;
  at: string;
  reason: string | null;
}

export interface Wishes {
  /** The newest wish's number; 0 before the first. */
  readonly newest: number;
  /** Aborted once a person has promoted this deployment: holds, pauses and analyses of its rollouts end at once. */
  readonly promoted: AbortSignal;
  /** The first `continue` or `promote` newer than `after`. Rejects only with the signal's reason. */
  next(after: number, signal: AbortSignal): Promise<Wish>;
}

export interface StepOutcome {
  changes: StateChange[];
  /** What people and later readers of the journal may want to know. */
  detail?: JsonValue;
  /** What a build made: found again by its fingerprint as soon as the outcome is durable. */
  artifact?: BuiltArtifact;
}

/**
 * What became of a step whose intent has no outcome. `incomplete`: something exists but isn't whole;
 * its record (in `outcome`) lets the next plan or a rollback remove it. `not-done`: it is to be done again; `changes`: what
 * is true all the same, and a way back must know.
 */
export type Settlement =
  | { as: 'done'; outcome: StepOutcome; how: string }
  | { as: 'not-done'; how: string; changes?: StateChange[] }
  | { as: 'incomplete'; outcome: StepOutcome; how: string }
  | { as: 'unknown'; look: string };

/** How one action is done, and how its doubt is settled. */
export interface StepHandler<A extends StepAction = StepAction> {
  run(step: Extract<Step, { action: A }>, context: StepContext): Promise<StepOutcome>;
  /**
   * Asks the outside what became of an earlier attempt; changes nothing there. Called after a crash, and
   * after an attempt that failed or timed out without saying whether it had an effect.
   */
  settle(step: Extract<Step, { action: A }>, context: StepContext): Promise<Settlement>;
}

export type StepHandlers = { readonly [A in StepAction]: StepHandler<A> };
