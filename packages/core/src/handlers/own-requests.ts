/** A router may count a request a moment after it was answered, in ms. */
const COUNTED_WITHIN_MS = 1_000;

/** Who counts what comes in for a service. */
export interface Counting {
  /** Slipway is about to ask through the router; it waits for this. Must not reject. */
  begins: () => Promise<void>;
  /** Everything that it asked is counted by now. */
  ended: () => void;
}

/**
 * Slipway's own requests through the routers of one environment. They are no visitors: who counts a service's requests is
 * told before the first and after the last, to leave out what came meanwhile.
 */
export class OwnRequests {
  readonly #open = new Map<string, number>();
  readonly #counting = new Map<string, Set<Counting>>();

  /** Does what asks through the service's router, with its result. */
  async during<T>(service: string, work: () => Promise<T>): Promise<T> {
    this.#open.set(service, (this.#open.get(service) ?? 0) + 1);
    try {
      await Promise.all([...(this.#counting.get(service) ?? [])].map((one) => one.begins()));
      return await work();
    } finally {
      setTimeout(() => this.#closed(service), COUNTED_WITHIN_MS).unref();
    }
  }

  /** Tells of them from now on, until the returned function is called. True: some are made now. */
  heed(service: string, counting: Counting): { now: boolean; stop: () => void } {
    const all = this.#counting.get(service) ?? new Set();
    this.#counting.set(service, all.add(counting));
    return { now: this.#open.has(service), stop: () => all.delete(counting) };
  }

  #closed(service: string): void {
    const left = this.#open.get(service)! - 1;
    if (left > 0) {
      this.#open.set(service, left);
      return;
    }
    this.#open.delete(service);
    for (const one of this.#counting.get(service) ?? []) one.ended();
  }
}
