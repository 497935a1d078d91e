import type { LogLine } from '@slipway/core/provider';

/** So many lines wait at most; who prints faster than is read is read slower. */
const WAITING = 1_000;

/** Lines of several sources in the order in which they came. */
export class LineQueue {
  readonly #waiting: LogLine[] = [];
  #changed = Promise.withResolvers<void>();
  #ended = false;
  #error: unknown;

  /** Waits while the queue is full. */
  async put(line: LogLine): Promise<void> {
    while (this.#waiting.length >= WAITING && !this.#ended) await this.#changed.promise;
    if (this.#ended) return;
    this.#waiting.push(line);
    this.#change();
  }

  /** What waits is still read; then the reading ends, with this error if there is one. */
  end(error?: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#change();
  }

  async *lines(): AsyncGenerator<LogLine> {
    try {
      for (;;) {
        const line = this.#waiting.shift();
        if (line) {
          this.#change();
          yield line;
        } else if (this.#ended) break;
        else await this.#changed.promise;
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.end(this.#error);
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
