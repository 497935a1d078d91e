import type { Limits } from '../config/project.ts';
import { ReadyQueue } from '../graph/ready-queue.ts';
import type { Step } from '../plan/step.ts';
import { letsTimePass } from './kinds-of-waiting.ts';

/** The steps that are ready, in the order in which they start; those that only let time pass start whatever the limits. */
export class StepQueue {
  readonly #steps: readonly Step[];
  readonly #limited: ReadyQueue;
  readonly #idle: number[] = [];
  /** Those that only let time pass and run now. */
  readonly #idling = new Set<number>();

  constructor(steps: readonly Step[], priority: ArrayLike<number>, limits: Limits) {
    this.#steps = steps;
    this.#limited = new ReadyQueue(steps, priority, limits);
  }

  push(n: number): void {
    if (letsTimePass(this.#steps[n]!)) this.#idle.push(n);
    else this.#limited.push(n);
  }

  /** The next one that may start now; -1: none. */
  take(): number {
    const n = this.#idle.shift();
    if (n === undefined) return this.#limited.take();
    this.#idling.add(n);
    return n;
  }

  /** It was taken, and runs no more. */
  release(n: number): void {
    if (!this.#idling.delete(n)) this.#limited.release(n);
  }

  /** How many wait. */
  get size(): number {
    return this.#limited.size + this.#idle.length;
  }

  /** How many were taken and not released. */
  get running(): number {
    return this.#limited.running + this.#idling.size;
  }

  /** Whether all that runs only lets time pass, as `allowed` says of each. */
  isIdle(allowed: (n: number) => boolean): boolean {
    return this.#limited.running === 0 && [...this.#idling].every(allowed);
  }
}
