interface Timer {
  at: number;
  run: () => void;
}

/** Time that stands still until it is told to pass; fits wherever the core asks for a clock. */
export class ManualClock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** `now`: where it begins, in ms. Default 0. */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Runs the callback once that much time has passed. Returns the way to call it off. */
  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets that much time pass, from timer to timer; those that are set on the way count too. */
  async pass(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    while (await this.#runNext(end));
    this.#now = end;
  }

  /** Lets time jump from timer to timer until the promise is settled. Rejects when no timer is left to settle it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (;;) {
      await rest();
      if (settled) return await promise;
      if (!(await this.#runNext(Number.POSITIVE_INFINITY))) throw new Error('Nothing is left that could end it.');
    }
  }

  /** Lets everything come to rest, then runs what falls due next, at `end` at the latest. */
  async #runNext(end: number): Promise<boolean> {
    await rest();
    const due = this.#next();
    if (!due || due.at > end) return false;
    this.#timers.delete(due);
    this.#now = due.at;
    due.run();
    return true;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }
}

/** Long enough for everything that waits for nothing but its turn. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
