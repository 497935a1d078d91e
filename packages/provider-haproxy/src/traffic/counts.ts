import type { RevisionTraffic } from '@slipway/core/provider';
import { ownerOf, read } from '../config/declared.ts';
import { BOUNDS, bucketAt } from '../config/histogram-rules.ts';
import { belongs } from '../runtime/open-sessions.ts';
import type { StatRow } from '../runtime/tables.ts';

/** What is counted of one revision. `took`: how many answers took at least so many µs, by the bucket's start. */
export interface Counts {
  requests: number;
  errors: number;
  took: Record<string, number>;
}

/** What a server's row says of it. */
export type RowCounts = Pick<Counts, 'requests' | 'errors'>;

/** Of one service, by revision. */
export type ServiceCounts = Record<string, Counts>;

const number = (text: string | undefined) => Number(text) || 0;

/**
 * Counts of a row of `show stat`, as users saw them. `stot`: what was led to the server, also attempts that were then
 * repeated there (`wretr`) or elsewhere (`wredis`). Errors: answers with 5xx, connections that could not be made to
 * the end, and answers that broke off; not the attempts before.
 */
export function countsOf(row: StatRow): RowCounts {
  const { stot, hrsp_5xx, econ, eresp, wretr, wredis } = row;
  const requests = Math.max(0, number(stot) - number(wretr) - number(wredis));
  return { requests, errors: Math.min(requests, number(hrsp_5xx) + number(econ) + number(eresp)) };
}

/** Adds what a worker counted of a service: its servers' rows and its table of durations. */
export function addLive(
  sum: ServiceCounts,
  service: string,
  { rows, table, countsOfRow }: { rows: readonly StatRow[]; table: string; countsOfRow: (row: StatRow) => RowCounts },
): ServiceCounts {
  for (const row of rows) {
    const owner = belongs(row.pxname ?? '', service) ? ownerOf(row.svname ?? '') : undefined;
    if (owner) add(sum, owner.revision, { ...countsOfRow(row), took: {} });
  }
  for (const [, revision = '', start = '', count] of table.matchAll(/key=(\S+)\|(\d+) .*gpc0=(\d+)/g))
    add(sum, read(revision), { requests: 0, errors: 0, took: { [start]: Number(count) } });
  return sum;
}

/** Adds all that was counted of a service. */
export function addAll(sum: ServiceCounts, counts: ServiceCounts): ServiceCounts {
  for (const [revision, counted] of Object.entries(counts)) add(sum, revision, counted);
  return sum;
}

export function add(sum: ServiceCounts, revision: string, { requests, errors, took }: Counts): void {
  const counts = sum[revision] ?? { requests: 0, errors: 0, took: {} };
  sum[revision] = counts;
  counts.requests += requests;
  counts.errors += errors;
  for (const [start, count] of Object.entries(took)) counts.took[start] = (counts.took[start] ?? 0) + count;
}

/** `open`: what is open now. Without measured durations (`measures` false) there is no histogram. */
export function trafficOf({ requests, errors, took }: Counts, open: number, measures: boolean): RevisionTraffic {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  for (const [start, count] of Object.entries(took)) {
    const at = bucketAt(Number(start));
    counts[at] = (counts[at] ?? 0) + count;
  }
  return {
    requests,
    errors,
    open,
    latency: { p50: percentile(counts, 0.5), p95: percentile(counts, 0.95), p99: percentile(counts, 0.99) },
    ...(measures ? { histogram: { bounds: [...BOUNDS], counts } } : {}),
  };
}

/** In ms, evenly spread within a bucket; null without any. */
export function percentile(counts: readonly number[], share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let left = all * share;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && left <= count) {
      const from = BOUNDS[at - 1] ?? 0;
      return from + ((BOUNDS[at] ?? from) - from) * (left / count);
    }
    left -= count;
  }
  return BOUNDS.at(-1) ?? null;
}
