import type { RevisionTraffic } from '@slipway/core/provider';
import { LatencyHistogram } from './latency-histogram.ts';

/**
 * Counts one revision's traffic: requests, errors, what is open, and how long answers take to begin.
 * A duration runs from a request's arrival to the first byte of its response, so that long downloads and
 * event streams don't drown it; tunnels (WebSocket) count as requests and as open, but have no duration.
 */
export class RevisionCounter {
  #requests = 0;
  #errors = 0;
  #open = 0;
  /** By the number of the instance. */
  readonly #openOf = new Map<number, number>();
  readonly #latency = new LatencyHistogram();
  readonly #listeners = new Set<() => void>();

  /** What is open: of all instances, or of these. */
  open(slots?: readonly number[]): number {
    if (!slots) return this.#open;
    return slots.reduce((sum, slot) => sum + (this.#openOf.get(slot) ?? 0), 0);
  }

  enter(slot: number): void {
    this.#requests++;
    this.#open++;
    this.#openOf.set(slot, (this.#openOf.get(slot) ?? 0) + 1);
  }

  answered(milliseconds: number): void {
    this.#latency.record(milliseconds);
  }

  /** `failed`: the response had a status of 500 or more, or the connection broke. */
  leave(slot: number, failed: boolean): void {
    if (failed) this.#errors++;
    this.#open--;
    this.#close(slot);
  }

  /** A request that an instance refused goes on at another one of the revision: an attempt of its own, which failed. */
  passOn(from: number, to: number, failed: boolean): void {
    if (failed) {
      this.#requests++;
      this.#errors++;
    }
    this.#openOf.set(to, (this.#openOf.get(to) ?? 0) + 1);
    this.#close(from);
  }

  /** Calls back each time something is no longer open where it was; returns the way to stop listening. */
  onLess(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  traffic(): RevisionTraffic {
    const latency = this.#latency;
    return {
      requests: this.#requests,
      errors: this.#errors,
      open: this.#open,
      latency: { p50: latency.percentile(50), p95: latency.percentile(95), p99: latency.percentile(99) },
      histogram: latency.counts(),
    };
  }

  #close(slot: number): void {
    this.#openOf.set(slot, (this.#openOf.get(slot) ?? 1) - 1);
    for (const listener of [...this.#listeners]) listener();
  }
}
