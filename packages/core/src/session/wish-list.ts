import type { Wish, Wishes } from '../execute/handler.ts';

/** What people said to the waiting steps of one deployment, since it began. */
export class WishList implements Wishes {
  readonly #wishes: Wish[] = [];
  readonly #promoted = new AbortController();
  readonly #listeners = new Set<() => void>();
  #newest = 0;

  get newest(): number {
    return this.#newest;
  }

  get promoted(): AbortSignal {
    return this.#promoted.signal;
  }

  add(wish: Wish): void {
    this.#newest = Math.max(this.#newest, wish.number);
    this.#wishes.push(wish);
    if (wish.what === 'promote') this.#promoted.abort();
    for (const listener of [...this.#listeners]) listener();
  }

  /** As {@link Wishes.next}; once it was promoted, nothing waits any more, whenever it began to. */
  async next(after: number, signal: AbortSignal): Promise<Wish> {
    for (;;) {
      signal.throwIfAborted();
      const promotion = this.#wishes.find(({ what }) => what === 'promote');
      const found = promotion ?? this.#wishes.find(({ number }) => number > after);
      if (found) return found;
      await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
