import type { Analysis, Metric } from '../config/project.ts';
import { describeError } from '../errors.ts';
import type { AnalysisInput } from '../plan/step.ts';
import type { MetricReading } from '../provider/contract.ts';
import { judgeMeasurement, type OtherReading } from '../verify/judge-measurement.ts';
import type { Measurement } from '../verify/tally-metric.ts';
import type { Sources, Window } from './analyse-sources.ts';

/** A source has at least and at most so long to answer, in ms; between them, as long as the interval. */
const SHORTEST_ANSWER_MS = 1_000;
const LONGEST_ANSWER_MS = 10_000;
/** Single values of one window that are kept for a comparison. */
const MOST_OF_A_SERIES = 100;

/** How long a source may take to answer, in ms. */
export function answerTimeOf(intervalMs: number): number {
  return Math.min(LONGEST_ANSWER_MS, Math.max(SHORTEST_ANSWER_MS, intervalMs));
}

export interface Measuring {
  sources: Sources;
  input: AnalysisInput;
  timeoutMs: number;
  /** Ends all of it at once. */
  signal: AbortSignal;
}

/**
 * Measures one metric, of the other revision too where it is held against one, and judges it. What a source throws, and
 * that it doesn't answer in time, is a measurement that says so; only the signal makes it reject.
 */
export async function measure(metric: Metric, window: Window, measuring: Measuring): Promise<Measurement> {
  const at = new Date(window.to).toISOString();
  const { analysis } = measuring.input;
  try {
    const [reading, other] = await Promise.all([
      read(metric, measuring.input.revision, window, measuring),
      readOther(metric, window, measuring),
    ]);
    const { kept, ...judged } = judgeMeasurement(metric, minimumSamples(analysis), reading, other);
    const compared = metric.judge ? { kept: kept === true } : {};
    return { metric: metric.name, at, ...figures(metric, reading, other), ...judged, ...compared };
  } catch (error) {
    measuring.signal.throwIfAborted();
    const why = `the source ${metric.source} failed: ${describeError(error).message}`;
    return { metric: metric.name, at, value: null, verdict: 'inconclusive', why, error: true };
  }
}

/** Zero samples are too few, whatever is declared. */
function minimumSamples(analysis: Analysis): number {
  return Math.max(1, analysis.minimumSamples);
}

async function readOther(metric: Metric, window: Window, measuring: Measuring): Promise<OtherReading | undefined> {
  const { compareWith } = metric;
  if (compareWith === undefined) return undefined;
  const revision = measuring.input[compareWith];
  if (revision === null) return { missing: `there is no ${compareWith} revision to compare with` };
  return await read(metric, revision, window, measuring);
}

function read(metric: Metric, revision: string, window: Window, measuring: Measuring): Promise<MetricReading> {
  return answerOf((signal) => measuring.sources.read(metric, revision, window, signal), measuring);
}

/** The answer, or an error when the time is over, whatever the source does: if it goes on, it isn't waited for. */
export async function answerOf<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: Pick<Measuring, 'timeoutMs' | 'signal'>,
): Promise<T> {
  signal.throwIfAborted();
  const ends = new AbortController();
  const onAbort = () => ends.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => ends.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await new Promise<T>((resolve, reject) => {
      ends.signal.addEventListener('abort', () => reject(ends.signal.reason as Error), { once: true });
      ask(ends.signal).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    ends.abort();
  }
}

/** What is kept of the readings: small, and nothing that JSON can't hold. */
function figures(
  { judge }: Metric,
  reading: MetricReading,
  other: OtherReading | undefined,
): Omit<Measurement, 'metric' | 'at' | 'verdict' | 'why'> {
  const theirs = other === undefined || 'missing' in other ? undefined : other;
  const [series, otherSeries] = judge ? [seriesOf(reading), seriesOf(theirs)] : [];
  return {
    value: kept(reading.value),
    ...(reading.samples === undefined ? {} : { samples: reading.samples }),
    ...(other === undefined ? {} : { other: kept(theirs?.value ?? null) }),
    ...(theirs?.samples === undefined ? {} : { otherSamples: theirs.samples }),
    ...(series && otherSeries ? { series, otherSeries } : {}),
  };
}

function seriesOf(reading: MetricReading | undefined): number[] | undefined {
  const finite = reading?.series?.filter((value) => Number.isFinite(value));
  // None is an answer too: the value of the whole window isn't to be compared in their place.
  if (!finite) return undefined;
  const step = Math.max(1, finite.length / MOST_OF_A_SERIES);
  const length = Math.min(finite.length, MOST_OF_A_SERIES);
  return Array.from({ length }, (_, i) => rounded(finite[Math.floor(i * step)]!));
}

function kept(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? rounded(value) : null;
}

function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
