import type { JsonObject } from '../json.ts';
import type { Step } from '../plan/step.ts';
import { type Attempt, type AttemptEnd, attempt } from './attempt.ts';
import type { Clock } from './clock.ts';
import type { ExecuteOptions } from './execution.ts';
import type { Settlement, StepContext, StepHandler, StepOutcome } from './handler.ts';
import { SETTLE_TIMEOUT_MS, settle } from './settle.ts';
import { type ContextJournal, stepContext } from './step-context.ts';
import { stepStopped, stepTimeout } from './step-errors.ts';

export interface HandlerCallsParts {
  options: ExecuteOptions;
  clock: Clock;
  random: () => number;
  journal: ContextJournal;
  /** Shows the step as waiting for a person, until the returned function is called. */
  waiting: (n: number, reason: string) => () => void;
  /** Aborted when all that the step goes on beside is done. */
  over: (n: number) => AbortSignal;
  /** Nobody wants to wait any more: a look that failed isn't repeated. */
  isHurried: () => boolean;
  /** Nothing may be begun any more. */
  isDead: () => boolean;
}

/** Calls the handlers of a plan's steps (by number), each call bounded in time; one at once per step. */
export class HandlerCalls {
  readonly #parts: HandlerCallsParts;
  readonly #running = new Map<number, Attempt<unknown>>();
  readonly #looking = new Map<number, Attempt<unknown>>();
  readonly #notes = new Map<number, JsonObject[]>();

  constructor(parts: HandlerCallsParts) {
    this.#parts = parts;
  }

  /** Facts that the step noted in an earlier run. */
  remember(n: number, notes: JsonObject[]): void {
    if (notes.length > 0) this.#notes.set(n, notes);
  }

  /** The step succeeded: its notes are of no more use. */
  forget(n: number): void {
    this.#notes.delete(n);
  }

  /** Lets the step have its effect. Never rejects. */
  run(n: number, number: number): Promise<AttemptEnd<StepOutcome>> {
    const step = this.#step(n);
    return this.#call(n, number, this.#running, step.timeoutMs, (handler, context) => handler.run(step, context));
  }

  /**
   * Finds out what became of the step, asking again when that fails for a reason that may pass. `failure` is
   * what an attempt of this run threw by itself. Never rejects.
   */
  look(n: number, number: number, failure?: unknown): Promise<Settlement> {
    const step = this.#step(n);
    const { options, clock, random, isHurried } = this.#parts;
    const look = () =>
      this.#call(n, number, this.#looking, SETTLE_TIMEOUT_MS, (handler, context) =>
        handler.settle(step, failure === undefined ? context : { ...context, failure }),
      );
    return settle(step, look, { classify: options.classify, clock, random, isHurried });
  }

  /** Aborts what runs, all of it or what is `chosen`; looks go on, since what they find is wanted. */
  stopRuns(reason: string, chosen: (n: number) => boolean = () => true): void {
    for (const [n, call] of this.#running) if (chosen(n)) call.stop(stepStopped(this.#step(n), reason));
  }

  /** Aborts what runs and what looks. */
  stopAll(reason: string): void {
    this.stopRuns(reason);
    for (const [n, call] of this.#looking) call.stop(stepStopped(this.#step(n), reason));
  }

  async #call<T>(
    n: number,
    number: number,
    live: Map<number, Attempt<unknown>>,
    timeoutMs: number,
    call: (handler: StepHandler, context: StepContext) => Promise<T>,
  ): Promise<AttemptEnd<T>> {
    if (this.#parts.isDead()) return { kind: 'abandoned', durationMs: 0, stopped: 'told' };
    const step = this.#step(n);
    let open = true;
    const made = attempt(
      (signal) =>
        call(
          this.#parts.options.handlers[step.action] as StepHandler,
          this.#context(n, number, signal, () => open),
        ),
      { clock: this.#parts.clock, timeoutMs, timeoutError: () => stepTimeout(step) },
    );
    live.set(n, made);
    const end = await made.end;
    open = false;
    live.delete(n);
    return end;
  }

  #context(n: number, number: number, signal: AbortSignal, isOpen: () => boolean): StepContext {
    let notes = this.#notes.get(n);
    if (!notes) {
      notes = [];
      this.#notes.set(n, notes);
    }
    const { options, journal, waiting, over } = this.#parts;
    return stepContext({
      options,
      journal,
      step: this.#step(n),
      attempt: number,
      signal,
      notes,
      waiting: (reason) => waiting(n, reason),
      over: over(n),
      isOpen,
    });
  }

  #step(n: number): Step {
    return this.#parts.options.plan.steps[n]!;
  }
}
