import type { Exchange } from './exchange.ts';

/** What a {@link startLoad load} saw. */
export interface LoadReport {
  requests: number;
  /** Requests that no revision answered. */
  failed: number;
  /** Why, with how often; at most ten. */
  reasons: Record<string, number>;
  /** Requests that a revision answered, by revision. */
  answered: Record<string, number>;
  /** Those of them that it answered with status 500 and up. */
  errors: Record<string, number>;
  /** Requests that an instance answered, by instance. */
  instances: Record<string, number>;
  /** In ms, over all that were answered; null when none was. */
  latency: { p50: number | null; p95: number | null; p99: number | null };
}

const REASONS = 10;

/** Adds up what single requests came to. */
export class LoadCount {
  readonly #report: Omit<LoadReport, 'latency'> = {
    requests: 0,
    failed: 0,
    reasons: {},
    answered: {},
    errors: {},
    instances: {},
  };
  readonly #latencies: number[] = [];

  add(ended: Exchange, latencyMs: number): void {
    const report = this.#report;
    report.requests++;
    if (ended.kind === 'failed') {
      report.failed++;
      if (ended.reason in report.reasons || Object.keys(report.reasons).length < REASONS)
        increase(report.reasons, ended.reason);
      return;
    }
    this.#latencies.push(latencyMs);
    increase(report.answered, ended.revision);
    if (ended.status >= 500) increase(report.errors, ended.revision);
    if (ended.instance !== '') increase(report.instances, ended.instance);
  }

  report(): LoadReport {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
    return structuredClone({ ...this.#report, latency: { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) } });
  }
}

/** Share of the answered requests that a revision had, in per cent. */
export function shareOf(report: LoadReport, revision: string): number {
  const answered = report.requests - report.failed;
  return answered === 0 ? 0 : (100 * (report.answered[revision] ?? 0)) / answered;
}

function increase(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
