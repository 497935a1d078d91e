import type { MetricReading, RevisionTraffic } from '../provider/contract.ts';

/** What the source `router` can be asked. */
export const ROUTER_QUERIES: readonly string[] = [
  'errorRate',
  'requests',
  'requestRate',
  'latencyP50',
  'latencyP95',
  'latencyP99',
];

/** What a router counted of each revision up to a moment, as if it had never started anew. */
export interface TrafficMark {
  /** In ms, of a clock that never jumps. */
  at: number;
  /** How much of the time before it was left out, in ms. Absent: nothing. */
  passedMs?: number;
  revisions: Readonly<Record<string, { raw: RevisionTraffic; sum: Counts }>>;
}

interface Counts {
  requests: number;
  errors: number;
  histogram?: { bounds: readonly number[]; counts: readonly number[] };
}

const NONE: Counts = { requests: 0, errors: 0 };

/**
 * Marks what the router counted by now. Where counts are lower than at the mark before, it has started anew, and all
 * that it counts came since; so it has of a revision that it didn't know then.
 */
export function markTraffic(
  at: number,
  traffic: Readonly<Record<string, RevisionTraffic>>,
  before: TrafficMark | undefined,
): TrafficMark {
  const revisions: Record<string, { raw: RevisionTraffic; sum: Counts }> = { ...before?.revisions };
  for (const [revision, raw] of Object.entries(traffic)) {
    const last = before?.revisions[revision];
    const since = last && !startedAnew(last.raw, raw) ? last.raw : undefined;
    revisions[revision] = { raw, sum: plus(last?.sum ?? NONE, less(raw, since)) };
  }
  return { at, ...(before?.passedMs === undefined ? {} : { passedMs: before.passedMs }), revisions };
}

/** Marks what the router counted by now, and leaves out what came since the mark before: it was nobody's. */
export function passOver(
  at: number,
  traffic: Readonly<Record<string, RevisionTraffic>>,
  before: TrafficMark | undefined,
): TrafficMark {
  const revisions: Record<string, { raw: RevisionTraffic; sum: Counts }> = { ...before?.revisions };
  for (const [revision, raw] of Object.entries(traffic)) {
    revisions[revision] = { raw, sum: before?.revisions[revision]?.sum ?? NONE };
  }
  const passedMs = (before?.passedMs ?? 0) + (before ? at - before.at : 0);
  return { at, passedMs, revisions };
}

/**
 * What the router says of a revision between two marks. Requests that hang all the time between them may become errors,
 * and slow ones: the reading says what it would be then (`atMost`).
 */
export function readTraffic(query: string, revision: string, from: TrafficMark, to: TrafficMark): MetricReading {
  const now = to.revisions[revision];
  if (!now) return { value: null, samples: 0, note: `the router knows nothing of ${revision}` };
  const before = from.revisions[revision];
  const { requests, errors, histogram } = less(now.sum, before?.sum);
  // A connection that failed may be no request, and yet it is one that somebody made.
  const samples = Math.max(requests, errors);
  const overdue = { requests: overdueOf(before?.raw, now.raw), forMs: to.at - from.at };
  switch (query) {
    case 'errorRate':
      return errorRate(errors, samples, overdue);
    case 'requests':
      return { value: samples, samples };
    case 'requestRate': {
      const countedMs = to.at - from.at - ((to.passedMs ?? 0) - (from.passedMs ?? 0));
      return { value: countedMs > 0 ? (samples * 1_000) / countedMs : null, samples };
    }
    case 'latencyP50':
      return latency(0.5, histogram, overdue);
    case 'latencyP95':
      return latency(0.95, histogram, overdue);
    case 'latencyP99':
      return latency(0.99, histogram, overdue);
    default:
      return { value: null, note: `the router has no "${query}"; it has ${ROUTER_QUERIES.join(', ')}` };
  }
}

/** Requests that had no answer for all of a window, which was so long. Whether they get a good one nobody knows. */
interface Overdue {
  requests: number;
  forMs: number;
}

/** At least so many of those that waited at the beginning do so at the end: no more than were counted since have ended. */
function overdueOf(before: RevisionTraffic | undefined, now: RevisionTraffic): number {
  if (!before || startedAnew(before, now)) return 0;
  const ended = Math.max(now.requests - before.requests, now.errors - before.errors);
  return Math.max(0, Math.min(now.waiting ?? 0, (before.waiting ?? 0) - ended));
}

function noteOf({ requests, forMs }: Overdue): string {
  const seconds = Math.round(forMs / 100) / 10;
  return `${requests} requests or more have waited for all of the ${seconds} s measured; a longer window may tell`;
}

function errorRate(errors: number, samples: number, overdue: Overdue): MetricReading {
  if (samples === 0) return { value: null, samples };
  const all = samples + overdue.requests;
  const value = errors / all;
  if (overdue.requests === 0) return { value, samples };
  return { value, samples, atMost: (errors + overdue.requests) / all, note: noteOf(overdue) };
}

/**
 * The latency that this share of the requests didn't exceed, in ms: within the bucket where it lies, requests are taken to
 * be spread evenly. Beyond the last bound it is at least that bound. Those that are overdue take at least the window.
 */
function latency(share: number, histogram: Counts['histogram'], overdue: Overdue): MetricReading {
  if (!histogram) return { value: null, note: 'the router measures no latency' };
  const { bounds, counts } = histogram;
  const samples = counts.reduce((sum, count) => sum + count, 0);
  if (samples === 0) return { value: null, samples };
  const rank = share * (samples + overdue.requests);
  if (rank <= samples) return { ...latencyAt(rank, bounds, counts), samples };
  return { value: overdue.forMs, samples, atMost: Number.POSITIVE_INFINITY, note: noteOf(overdue) };
}

function latencyAt(
  rank: number,
  bounds: readonly number[],
  counts: readonly number[],
): Pick<MetricReading, 'value' | 'note'> {
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count === 0 || below + count < rank) {
      below += count;
      continue;
    }
    const low = i === 0 ? 0 : bounds[i - 1]!;
    const high = bounds[i];
    if (high === undefined) return { value: low, note: `more than ${low} ms` };
    return { value: low + ((rank - below) / count) * (high - low) };
  }
  return { value: bounds.at(-1) ?? null };
}

function startedAnew(before: RevisionTraffic, now: RevisionTraffic): boolean {
  if (now.requests < before.requests || now.errors < before.errors) return true;
  const [a, b] = [before.histogram, now.histogram];
  return (
    a !== undefined && b !== undefined && sameBounds(a, b) && b.counts.some((count, i) => count < (a.counts[i] ?? 0))
  );
}

function sameBounds(a: { bounds: readonly number[] }, b: { bounds: readonly number[] }): boolean {
  return a.bounds.length === b.bounds.length && a.bounds.every((bound, i) => bound === b.bounds[i]);
}

function less(now: Counts, before: Counts | undefined): Counts {
  if (!before) return now;
  const plain = { requests: now.requests - before.requests, errors: now.errors - before.errors };
  if (!now.histogram) return plain;
  const earlier = before.histogram && sameBounds(now.histogram, before.histogram) ? before.histogram.counts : [];
  const counts = now.histogram.counts.map((count, i) => count - (earlier[i] ?? 0));
  return { ...plain, histogram: { bounds: now.histogram.bounds, counts } };
}

function plus(sum: Counts, more: Counts): Counts {
  const plain = { requests: sum.requests + more.requests, errors: sum.errors + more.errors };
  if (!more.histogram) return plain;
  const earlier = sum.histogram && sameBounds(more.histogram, sum.histogram) ? sum.histogram.counts : [];
  const counts = more.histogram.counts.map((count, i) => count + (earlier[i] ?? 0));
  return { ...plain, histogram: { bounds: more.histogram.bounds, counts } };
}
