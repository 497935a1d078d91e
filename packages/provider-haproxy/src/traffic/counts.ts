import type { RevisionTraffic } from '@slipway/core/provider';
import { ownerOf, read } from '../config/declared.ts';
import { BOUNDS, bucketAt } from '../config/histogram-rules.ts';
import { belongs } from '../runtime/open-sessions.ts';
import type { StatRow } from '../runtime/tables.ts';
import { repeatedAt, type ServerAccount } from './account.ts';

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

const ANSWERS = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'];

/**
 * What users got of a server: its answers, and what it failed by its account. Attempts that were repeated are no requests
 * (`stot` counts them) and no errors (`eresp` does).
 */
export function countsOf(row: StatRow, account: ServerAccount | undefined): RowCounts {
  const failed = account?.failed ?? 0;
  const answered = ANSWERS.reduce((sum, name) => sum + number(row[name]), 0);
  return { requests: answered + failed, errors: number(row.hrsp_5xx) + failed };
}

/** As {@link countsOf}, with the requests that are still open. */
export function begunOf(row: StatRow, account: ServerAccount | undefined): RowCounts {
  const { requests, errors } = countsOf(row, account);
  return { requests: Math.max(requests, number(row.stot) - repeatedAt(row)), errors };
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

/** How many requests have no answer yet, by revision. */
export function waitingOf(
  service: string,
  rows: readonly StatRow[],
  accountOf: (row: StatRow) => ServerAccount | undefined,
): Record<string, number> {
  const waiting: Record<string, number> = {};
  for (const row of rows) {
    const owner = belongs(row.pxname ?? '', service) ? ownerOf(row.svname ?? '') : undefined;
    if (owner) waiting[owner.revision] = (waiting[owner.revision] ?? 0) + (accountOf(row)?.waiting ?? 0);
  }
  return waiting;
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

/** `now`: what is open, and what of it waits. Without measured durations (`measures` false) there is no histogram. */
export function trafficOf(
  { requests, errors, took }: Counts,
  now: { open: number; waiting: number },
  measures: boolean,
): RevisionTraffic {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  for (const [start, count] of Object.entries(took)) {
    const at = bucketAt(Number(start));
    counts[at] = (counts[at] ?? 0) + count;
  }
  return {
    requests,
    errors,
    open: now.open,
    waiting: Math.min(now.open, now.waiting),
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
