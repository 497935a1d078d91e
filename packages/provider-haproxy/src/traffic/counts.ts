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

const ANSWERS = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'];

/** Attempts that failed, whether or not another one then succeeded. */
const failuresOf = ({ econ, eresp, wretr, wredis }: StatRow) =>
  number(econ) + number(eresp) + number(wretr) + number(wredis);

/**
 * What users got of a server, whose row of `show stat` is among all `rows`. Attempts that were repeated are no
 * requests (`stot` counts them) and no errors (`eresp` does): answers are counted, and to them comes what HAProxy
 * answered itself with 5xx, divided among the servers of the backend by what failed there.
 */
export function countsOf(row: StatRow, rows: readonly StatRow[]): Pick<Counts, 'requests' | 'errors'> {
  const beside = rows.filter(({ pxname }) => pxname === row.pxname);
  const servers = beside.filter(({ svname = '' }) => ownerOf(svname));
  const all = number(beside.find(({ svname }) => svname === 'BACKEND')?.hrsp_5xx);
  const itself = Math.max(0, all - servers.reduce((sum, { hrsp_5xx }) => sum + number(hrsp_5xx), 0));
  const failures = servers.reduce((sum, server) => sum + failuresOf(server), 0);
  const failed = failures === 0 ? 0 : Math.min(failuresOf(row), Math.round((itself * failuresOf(row)) / failures));
  const answered = ANSWERS.reduce((sum, name) => sum + number(row[name]), 0);
  return { requests: answered + failed, errors: number(row.hrsp_5xx) + failed };
}

/** As {@link countsOf}, with the requests that are still open. */
export function begunOf(row: StatRow, rows: readonly StatRow[]): RowCounts {
  const { requests, errors } = countsOf(row, rows);
  return { requests: Math.max(requests, number(row.stot) - number(row.wretr) - number(row.wredis)), errors };
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
