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

  /**
   * Lets that much time pass: runs what falls due, in order, and lets everything that follows from it come
   * to rest in between, so that timers set on the way count too.
   */
  async pass(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    for (;;) {
      await rest();
      const due = this.#next();
      if (!due || due.at > end) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }
}

/** Long enough for everything that waits for nothing but its turn. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
