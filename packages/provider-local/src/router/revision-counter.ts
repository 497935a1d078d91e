import { createHistogram } from 'node:perf_hooks';
import type { RevisionTraffic } from '@slipway/core/provider';

const ONE_HOUR_US = 3_600_000_000;

/**
 * Counts one revision's traffic: requests, errors, what is open, and how long answers take to begin.
 * A duration runs from a request's arrival to the first byte of its response, so that long downloads and
 * event streams don't drown it; tunnels (WebSocket) count as requests and as open, but have no duration.
 */
export class RevisionCounter {
  #requests = 0;
  #errors = 0;
  #open = 0;
  readonly #latency = createHistogram({ lowest: 1, highest: ONE_HOUR_US, figures: 3 });
  readonly #idleListeners = new Set<() => void>();

  get open(): number {
    return this.#open;
  }

  enter(): void {
    this.#requests++;
    this.#open++;
  }

  answered(milliseconds: number): void {
    this.#latency.record(Math.min(ONE_HOUR_US, Math.max(1, Math.round(milliseconds * 1000))));
  }

  /** `failed`: the response had a status of 500 or more, or the connection broke. */
  leave(failed: boolean): void {
    if (failed) this.#errors++;
    this.#open--;
    if (this.#open > 0) return;
    for (const listener of [...this.#idleListeners]) listener();
  }

  /** Calls back each time nothing is open any more; returns the way to stop listening. */
  onIdle(listener: () => void): () => void {
    this.#idleListeners.add(listener);
    return () => this.#idleListeners.delete(listener);
  }

  traffic(): RevisionTraffic {
    const percentile = (percent: number) =>
      this.#latency.count === 0 ? null : this.#latency.percentile(percent) / 1000;
    return {
      requests: this.#requests,
      errors: this.#errors,
      open: this.#open,
      latency: { p50: percentile(50), p95: percentile(95), p99: percentile(99) },
    };
  }
}
