import type { Metric } from '../config/project.ts';
import { compareSamples } from './compare-samples.ts';
import type { MeasurementVerdict } from './judge-measurement.ts';
import type { Judged, Verdict } from './verdict.ts';

/** One measurement with its verdict, as it is kept. */
export interface Measurement {
  metric: string;
  /** ISO 8601. */
  at: string;
  /** Null: there was none. */
  value: number | null;
  /** Of the revision that it is held against, in the same window. */
  other?: number | null;
  samples?: number;
  otherSamples?: number;
  verdict: MeasurementVerdict;
  why: string;
  /** There were no data or too few. */
  lacking?: true;
  /** The source could not be asked, which says nothing of the revision. */
  error?: true;
  /** Of what a judge compares: it goes into that. Absent in what earlier versions noted: what was collected or failed. */
  kept?: boolean;
  /** The first after an interruption: since when nobody had measured. */
  gap?: Gap;
  /** The single values in the window, where the source told them and a comparison wants them. */
  series?: number[];
  otherSeries?: number[];
}

/** A time in which nobody measured. */
export interface Gap {
  /** ISO 8601. */
  since: string;
  /** The measurement spans it. False: what came in it is lost. */
  covered: boolean;
}

/** How a metric stands after some measurements. Plain data; never changed. */
export interface Tally {
  passed: number;
  failed: number;
  inconclusive: number;
  /** Kept to be compared at the end. */
  kept: number;
  /** How many measurements have a counterpart to be compared with, of whatever verdict. */
  compared: number;
  errors: number;
  /** Failed since the last that passed. What tells nothing neither counts nor forgives. */
  failuresInARow: number;
  errorsInARow: number;
  /** So many in a row told nothing: by now, and at most before data followed data again. */
  silence: number;
  longestSilence: number;
  /** The newest that rests on data. */
  newest: Pick<Measurement, 'verdict' | 'why'> | undefined;
  /** The newest that told nothing, and why. */
  untold: string | undefined;
  ours: readonly number[];
  theirs: readonly number[];
  /** A failure, or a source that was lost for good: nothing that comes later changes it. */
  settled: Judged<'fail' | 'inconclusive'> | undefined;
}

export const NOTHING_MEASURED: Tally = {
  passed: 0,
  failed: 0,
  inconclusive: 0,
  kept: 0,
  compared: 0,
  errors: 0,
  failuresInARow: 0,
  errorsInARow: 0,
  silence: 0,
  longestSilence: 0,
  newest: undefined,
  untold: undefined,
  ours: [],
  theirs: [],
  settled: undefined,
};

/** Counts one measurement more. A failure is settled by the one that makes it. */
export function tally(metric: Metric, before: Tally, measurement: Measurement): Tally {
  const after = collected(metric, counted(before, measurement), measurement);
  return { ...after, settled: before.settled?.verdict === 'fail' ? before.settled : settled(metric, before, after) };
}

/** What the metric comes to, were this all that is measured. Passing takes conclusive measurements, the newest a pass. */
export function judgeMetric(metric: Metric, minimumMeasurements: number, tally: Tally): Judged {
  if (tally.settled) return tally.settled;
  const { judge, compareWith } = metric;
  const conclusive = tally.passed + tally.failed + tally.kept;
  const fewest = Math.max(1, minimumMeasurements);
  const compared = judge && compareWith ? compareSamples(judge, compareWith, tally.ours, tally.theirs) : undefined;
  if (compared?.verdict === 'fail' && tally.compared >= fewest) return compared;
  if (conclusive < fewest) {
    const why = `${conclusive === 0 ? 'nothing' : `only ${conclusive}`} was measured conclusively, at least ${fewest} needed`;
    return { verdict: 'inconclusive', why: tally.untold === undefined ? why : `${why}; last: ${tally.untold}` };
  }
  const { newest } = tally;
  if (newest?.verdict === 'fail' || newest?.verdict === 'inconclusive')
    return { verdict: 'inconclusive', why: `the newest of its measurements doesn't pass: ${newest.why}` };
  const { silence, untold } = tally;
  if (silence > longestNormalSilence(metric, tally, conclusive))
    return { verdict: 'inconclusive', why: `nothing was told of it by the last ${silence} measurements: ${untold}` };
  return (
    compared ?? { verdict: 'pass', why: `${tally.passed} of ${total(tally)} measurements passed; last: ${newest?.why}` }
  );
}

/**
 * Of what is seldom used, silence is normal when one as long ended before. Otherwise what was measured must outweigh it:
 * what died after its first answer is silent as well.
 */
function longestNormalSilence(metric: Metric, { longestSilence }: Tally, conclusive: number): number {
  return Math.max(longestSilence, Math.min(conclusive, metric.consecutiveErrors - 1));
}

function counted(before: Tally, one: Measurement): Tally {
  const silence = before.silence + 1;
  if (one.error)
    return { ...before, errors: before.errors + 1, errorsInARow: before.errorsInARow + 1, silence, untold: one.why };
  const longestSilence = before.newest ? Math.max(before.longestSilence, before.silence) : 0;
  const heard = one.lacking ? { silence } : { newest: one, silence: 0, longestSilence };
  const after = { ...before, errorsInARow: 0, ...heard };
  switch (one.verdict) {
    case 'collected':
      return { ...after, kept: before.kept + 1, failuresInARow: 0 };
    case 'pass':
      return { ...after, passed: before.passed + 1, failuresInARow: 0 };
    case 'fail':
      return { ...after, failed: before.failed + 1, failuresInARow: before.failuresInARow + 1 };
    case 'inconclusive':
      return { ...after, inconclusive: before.inconclusive + 1, untold: one.why };
  }
}

/**
 * Keeps the values for the comparison at the end: all that have a counterpart. Without those that limits beside the judge
 * find too high, or neither good nor bad, only the best of both sides would be compared.
 */
function collected(metric: Metric, after: Tally, one: Measurement): Tally {
  const { value, other } = one;
  const kept = one.kept ?? (one.verdict === 'collected' || one.verdict === 'fail');
  if (!metric.judge || !kept) return after;
  if (typeof value !== 'number' || typeof other !== 'number') return after;
  return {
    ...after,
    compared: after.compared + 1,
    ours: [...after.ours, ...(one.series ?? [value])],
    theirs: [...after.theirs, ...(one.otherSeries ?? [other])],
  };
}

function settled(metric: Metric, before: Tally, after: Tally): Tally['settled'] {
  const { failuresInARow: inARow, failed, errorsInARow, newest } = after;
  if (failed > before.failed && inARow >= metric.consecutiveFailures) {
    const why = newest?.why ?? '';
    return { verdict: 'fail', why: inARow === 1 ? why : `${inARow} measurements in a row failed, the last: ${why}` };
  }
  if (metric.failureLimit !== undefined && failed >= metric.failureLimit)
    return { verdict: 'fail', why: `${failed} measurements failed, the last: ${newest?.why}` };
  if (before.settled || errorsInARow < metric.consecutiveErrors) return before.settled;
  return { verdict: 'inconclusive', why: `its source failed ${errorsInARow} times in a row; last: ${after.untold}` };
}

/** How many there were in all, errors of the source included. */
function total(tally: Tally): number {
  return tally.passed + tally.failed + tally.inconclusive + tally.kept + tally.errors;
}

/** The verdicts that a metric or an analysis can have on the way. */
export type Standing = Verdict | 'running';
