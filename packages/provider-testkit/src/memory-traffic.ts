import type { RevisionTraffic } from '@slipway/core/provider';

/** Upper bounds of the histogram's buckets, in ms. */
const BOUNDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** Requests that came in. */
export interface Arrivals {
  requests: number;
  /** How many of them failed. Default 0. */
  errors?: number;
  /** How long each one took, in ms: one for all, or one a request. Default: nothing is measured. */
  latencyMs?: number | readonly number[];
  /** How many are in flight from now on. Default: as before. */
  open?: number;
}

interface Counted {
  requests: number;
  errors: number;
  open: number;
  latencies: number[];
}

/** What the router of a cluster in memory counted: exactly what it was told. */
export class MemoryTraffic {
  readonly #counted = new Map<string, Map<string, Counted>>();

  /** Has requests come in. */
  add(service: string, revision: string, { requests, errors = 0, latencyMs = [], open }: Arrivals): void {
    const counted = this.#of(service, revision);
    counted.requests += requests;
    counted.errors += errors;
    counted.open = open ?? counted.open;
    const latencies = typeof latencyMs === 'number' ? new Array<number>(requests).fill(latencyMs) : latencyMs;
    counted.latencies.push(...latencies);
  }

  /** All counts begin at 0 again, as after a restart of the router. */
  reset(): void {
    this.#counted.clear();
  }

  /** What was counted of each revision that ever had a request, and of those `known`. */
  read(service: string, known: readonly string[]): Record<string, RevisionTraffic> {
    const revisions = new Set([...known, ...(this.#counted.get(service)?.keys() ?? [])]);
    return Object.fromEntries([...revisions].map((revision) => [revision, reported(this.#of(service, revision))]));
  }

  #of(service: string, revision: string): Counted {
    const revisions = this.#counted.get(service) ?? new Map<string, Counted>();
    this.#counted.set(service, revisions);
    const counted = revisions.get(revision) ?? { requests: 0, errors: 0, open: 0, latencies: [] };
    revisions.set(revision, counted);
    return counted;
  }
}

function reported({ requests, errors, open, latencies }: Counted): RevisionTraffic {
  const sorted = latencies.toSorted((a, b) => a - b);
  const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  const counts = [...BOUNDS, Infinity].map(
    (bound, index) => sorted.filter((ms) => ms <= bound && ms > (BOUNDS[index - 1] ?? -1)).length,
  );
  return {
    requests,
    errors,
    open,
    latency: { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) },
    histogram: { bounds: [...BOUNDS], counts },
  };
}
