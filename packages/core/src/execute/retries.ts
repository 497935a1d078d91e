import type { Step } from '../plan/step.ts';
import { backOff } from './back-off.ts';
import type { Clock } from './clock.ts';
import type { ExecuteOptions } from './execution.ts';
import { letsTimePass } from './kinds-of-waiting.ts';

export interface RetryParts {
  steps: readonly Step[];
  clock: Clock;
  random: () => number;
  classify: ExecuteOptions['classify'];
}

/** Decides which failed steps, by their number, are tried again, and when. */
export class Retries {
  readonly #parts: RetryParts;
  /** Attempts of this run. */
  readonly #tries: Int32Array;
  /** Those that will be tried again, with the way to call each off. */
  readonly #waiting = new Map<number, () => void>();

  constructor(parts: RetryParts) {
    this.#parts = parts;
    this.#tries = new Int32Array(parts.steps.length);
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(n: number): boolean {
    return this.#waiting.has(n);
  }

  /** An attempt begins. */
  begin(n: number): void {
    this.#waiting.delete(n);
  }

  count(n: number): void {
    this.#tries[n]!++;
  }

  may(n: number, error: unknown, timedOut: boolean): boolean {
    const step = this.#parts.steps[n]!;
    if (this.#tries[n]! > step.retries) return false;
    if (timedOut) return !letsTimePass(step);
    return this.#parts.classify(step, error) === 'transient';
  }

  /** Calls `again` after a back-off, and returns how many ms that takes. */
  later(n: number, again: () => void): number {
    const inMs = backOff(this.#tries[n]!, this.#parts.random);
    this.#waiting.set(n, this.#parts.clock.after(inMs, again));
    return inMs;
  }

  /** None of these is tried again; returns which they were. */
  callOff(chosen: (n: number) => boolean = () => true): number[] {
    const called = [...this.#waiting.keys()].filter(chosen);
    for (const n of called) {
      this.#waiting.get(n)!();
      this.#waiting.delete(n);
    }
    return called;
  }
}
