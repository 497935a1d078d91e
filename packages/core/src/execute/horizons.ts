import type { Step } from '../plan/step.ts';

/** Of steps that go on beside others (`until`): tells each when all of those have succeeded. */
export class Horizons {
  readonly #controllers = new Map<string, AbortController>();
  readonly #left = new Map<string, Set<string>>();
  /** The steps that go on until this one, by its id. */
  readonly #waiting = new Map<string, string[]>();

  constructor(steps: readonly Step[]) {
    for (const { id, until } of steps) {
      if (!until) continue;
      this.#controllers.set(id, new AbortController());
      this.#left.set(id, new Set(until));
      for (const one of until) this.#waiting.set(one, [...(this.#waiting.get(one) ?? []), id]);
    }
  }

  succeeded(id: string): void {
    for (const waiting of this.#waiting.get(id) ?? []) {
      const left = this.#left.get(waiting)!;
      left.delete(id);
      if (left.size === 0) this.#controllers.get(waiting)!.abort();
    }
  }

  /** Aborted when it is over; of a step without `until`, never. */
  over(id: string): AbortSignal {
    return (this.#controllers.get(id) ?? new AbortController()).signal;
  }

  /** The steps that go on until one of these, which will not succeed in this run. */
  *without(lost: Iterable<string>): Generator<string> {
    for (const id of lost) yield* this.#waiting.get(id) ?? [];
  }
}
