import { describeError } from '../errors.ts';
import type { Step } from '../plan/step.ts';
import type { StateChange } from '../state/record.ts';
import type { ExecutionResult } from './execution.ts';
import type { Settlement, StepOutcome } from './handler.ts';
import type { StepRecorder } from './step-recorder.ts';

type Incomplete = Extract<Settlement, { as: 'incomplete' }>;

export interface OutcomeParts {
  steps: readonly Step[];
  record: StepRecorder;
  /** The number of the step's newest attempt. */
  attempt: (n: number) => number;
  succeeded: (n: number) => void;
  /** It won't succeed in this run. */
  lost: (n: number, status: 'failed' | 'unknown') => void;
}

/** Writes down how steps ended, keeps what a person must know of it, and tells the run. */
export class StepOutcomes {
  readonly failures: ExecutionResult['failures'] = [];
  readonly #looks = new Map<number, string>();
  readonly #parts: OutcomeParts;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
  }

  /** Steps in doubt, and where a person must look. */
  get unknown(): ExecutionResult['unknown'] {
    return Array.from(this.#looks, ([n, look]) => ({ step: this.#id(n), look }));
  }

  succeed(n: number, outcome: StepOutcome, durationMs: number): void {
    this.#parts.record.succeeded(this.#id(n), outcome, durationMs);
    this.#parts.succeeded(n);
  }

  settleAsDone(n: number, outcome: StepOutcome, how: string, durationMs: number): void {
    this.#parts.record.settled(this.#id(n), 'done', how);
    this.succeed(n, outcome, durationMs);
  }

  settleAsIncomplete(n: number, found: Incomplete, error: unknown, durationMs: number): void {
    this.#parts.record.settled(this.#id(n), 'incomplete', found.how);
    this.fail(n, error, durationMs, found.outcome.changes);
  }

  fail(n: number, thrown: unknown, durationMs: number, changes: StateChange[] = []): void {
    const error = describeError(thrown);
    this.#parts.record.failed(this.#id(n), { attempt: this.#parts.attempt(n), durationMs, error }, changes);
    this.failures.push({ step: this.#id(n), error });
    this.#parts.lost(n, 'failed');
  }

  leaveUnknown(n: number, look: string): void {
    this.#parts.record.unknown(this.#id(n), look);
    this.remember(n, look);
    this.#parts.lost(n, 'unknown');
  }

  /** It is in doubt since an earlier run. */
  remember(n: number, look: string): void {
    this.#looks.set(n, look);
  }

  /** It is asked anew. */
  forget(n: number): void {
    this.#looks.delete(n);
  }

  #id(n: number): string {
    return this.#parts.steps[n]!.id;
  }
}
