import type { Clock } from '../../src/execute/clock.ts';

interface Timer {
  at: number;
  run: () => void;
}

/** Time that passes only when everything else has come to rest. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time jump from timer to timer until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (;;) {
      await rest();
      if (settled) return promise;
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (!next) throw new Error('Nothing is left that could end it.');
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
  }

  /** Lets that much time pass, from timer to timer. */
  async pass(durationMs: number): Promise<void> {
    await this.until(new Promise<void>((resolve) => this.after(durationMs, resolve)));
  }
}

/** Long enough for everything that waits for no timer. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
