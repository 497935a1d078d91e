import type { RevisionTraffic } from '@slipway/core/provider';
import { LatencyHistogram } from './latency-histogram.ts';

/**
 * Who leaves sooner without an answer, in ms, may have changed their mind; who has waited so long has given up, which
 * tells of the server.
 */
export const GIVES_UP_AFTER_MS = 500;

/**
 * Counts one revision's traffic: requests, errors, what is open, and how long answers take to begin. A request counts
 * when its answer begins or when it ends without one, never before: one that hangs is no good one. A duration runs from
 * a request's arrival to the first byte of its response, so that long downloads and event streams don't drown it, or
 * to where its user gave up; tunnels (WebSocket) count as requests and as open, but have no duration.
 */
export class RevisionCounter {
  #requests = 0;
  #errors = 0;
  #open = 0;
  #waiting = 0;
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
    this.#open++;
    this.#waiting++;
    this.#openOf.set(slot, (this.#openOf.get(slot) ?? 0) + 1);
  }

  /** `failed`: with a status of 500 or more, or there will be none, because the connection broke. */
  answered(milliseconds: number, failed: boolean): void {
    this.#latency.record(milliseconds);
    this.#count(failed);
    this.#waiting--;
  }

  switched(): void {
    this.#count(false);
    this.#waiting--;
  }

  /** An answer that had begun well isn't whole. */
  brokeOff(): void {
    this.#errors++;
  }

  /** Its user left, having sent all of it, before there was an answer. One who left early tells nothing. */
  unanswered(milliseconds: number): void {
    if (milliseconds >= GIVES_UP_AFTER_MS) this.answered(milliseconds, true);
    else this.withdrawn();
  }

  /** It ends without having been one. */
  withdrawn(): void {
    this.#waiting--;
  }

  /** What was entered ends here; before that it was said how. */
  leave(slot: number): void {
    this.#open--;
    this.#close(slot);
  }

  /** A request that nobody of the revision took goes to another revision. */
  refused(slot: number): void {
    this.#count(true);
    this.#waiting--;
    this.leave(slot);
  }

  /** A request that an instance refused goes on at another one of the revision: an attempt of its own, which failed. */
  passOn(from: number, to: number, failed: boolean): void {
    if (failed) this.#count(true);
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
      waiting: this.#waiting,
      latency: { p50: latency.percentile(50), p95: latency.percentile(95), p99: latency.percentile(99) },
      histogram: latency.counts(),
    };
  }

  #count(failed: boolean): void {
    this.#requests++;
    if (failed) this.#errors++;
  }

  #close(slot: number): void {
    this.#openOf.set(slot, (this.#openOf.get(slot) ?? 1) - 1);
    for (const listener of [...this.#listeners]) listener();
  }
}
