import type { Comparison, Metric, Threshold } from '../config/project.ts';
import type { MetricReading } from '../provider/contract.ts';
import { figure } from './figure.ts';
import type { Judged, Verdict } from './verdict.ts';

/** `collected`: nothing is said of it alone, it is kept to be compared with others at the end. */
export type MeasurementVerdict = Verdict | 'collected';

export interface JudgedMeasurement extends Judged<MeasurementVerdict> {
  /** It is inconclusive because there were no data or too few, on either side, and not for what they say. */
  lacking?: true;
  /** It has a counterpart, and goes into the comparison at the end, whatever is said of it alone. */
  kept?: true;
}

/** What was read of the revision that a metric is held against, or why nothing could be. */
export type OtherReading = MetricReading | { missing: string };

/** How unlikely, if nothing were worse, errors beside a faultless other must be before they fail: one in twenty. */
const CHANCE = 0.05;

/**
 * Judges one measurement: by the conditions on its value, and against the other revision's of the same window. One
 * condition that fails is enough; passing takes all. Without a value, with fewer samples than asked for on either side, or
 * with another that nothing can be a multiple of, it is inconclusive. So is what hangs on how that ends
 * which isn't over yet.
 */
export function judgeMeasurement(
  metric: Metric,
  minimumSamples: number,
  reading: MetricReading,
  other?: OtherReading,
): JudgedMeasurement {
  const theirs = other === undefined || 'missing' in other ? undefined : other;
  const least = judgeAsRead(metric, minimumSamples, reading, theirs ? atMost(theirs) : other);
  if (reading.atMost === undefined && theirs?.atMost === undefined) return least;
  const most = judgeAsRead(metric, minimumSamples, atMost(reading), other);
  if (least.lacking || (least.verdict === most.verdict && least.verdict !== 'collected')) return least;
  const why = [reading, theirs].flatMap((one) =>
    one?.atMost === undefined ? [] : (one.note ?? 'not all of it is over'),
  );
  const judged = {
    verdict: 'inconclusive',
    why: `${figure(reading.value ?? 0)} isn't final: ${why.join('; ')}`,
  } as const;
  return least.kept ? { ...judged, kept: true } : judged;
}

/** The reading, were it to come to the most that it can; a number beyond all limits where that isn't known. */
function atMost(reading: MetricReading): MetricReading {
  const { value, atMost: most } = reading;
  return most === undefined || value === null ? reading : { ...reading, value: Math.min(most, Number.MAX_VALUE) };
}

function judgeAsRead(
  metric: Metric,
  minimumSamples: number,
  reading: MetricReading,
  other: OtherReading | undefined,
): JudgedMeasurement {
  const value = usable('this revision', reading, minimumSamples);
  if (typeof value === 'string') return lacking(value);
  const judged: JudgedMeasurement[] = [];
  if (metric.fail || metric.pass) judged.push(judgeValue(metric, value));
  if (metric.compareWith)
    judged.push(...judgeAgainst(metric, metric.compareWith, minimumSamples, { value, reading, other }));
  for (const verdict of ['fail', 'inconclusive', 'collected', 'pass'] as const) {
    const such = judged.filter((one) => one.verdict === verdict);
    if (such.length === 0) continue;
    const why = such.map((one) => one.why).join('; ');
    if (such.every((one) => one.lacking)) return lacking(why);
    return judged.some((one) => one.verdict === 'collected') ? { verdict, why, kept: true } : { verdict, why };
  }
  return { verdict: 'inconclusive', why: `${figure(value)} is held against nothing: the metric has no condition` };
}

function lacking(why: string): JudgedMeasurement {
  return { verdict: 'inconclusive', why, lacking: true };
}

/** The value, or why it tells nothing. */
function usable(whose: string, reading: MetricReading, minimumSamples: number): number | string {
  const { value, samples, note } = reading;
  if (samples !== undefined && samples < minimumSamples)
    return `too few samples of ${whose}: ${figure(samples)}, at least ${minimumSamples} are needed`;
  if (value !== null && Number.isFinite(value)) return value;
  return `no data of ${whose}${note === undefined ? '' : `: ${note}`}`;
}

/** As the conditions say; where there are both, what neither fails nor passes is inconclusive. */
function judgeValue({ fail, pass }: Metric, value: number): Judged {
  const shown = figure(value);
  if (fail?.above !== undefined && value > fail.above)
    return { verdict: 'fail', why: `${shown} is above ${figure(fail.above)}` };
  if (fail?.below !== undefined && value < fail.below)
    return { verdict: 'fail', why: `${shown} is below ${figure(fail.below)}` };
  if (!pass) return { verdict: 'pass', why: `${shown} is ${within(fail ?? {}, 'not')}` };
  const passes = (pass.above === undefined || value > pass.above) && (pass.below === undefined || value < pass.below);
  if (passes) return { verdict: 'pass', why: `${shown} is ${within(pass)}` };
  if (!fail) return { verdict: 'fail', why: `${shown} is not ${within(pass)}` };
  return { verdict: 'inconclusive', why: `${shown} neither fails nor passes: it isn't ${within(pass)}` };
}

function within({ above, below }: Threshold, not = ''): string {
  const sides = [
    ...(above === undefined ? [] : [`above ${figure(above)}`]),
    ...(below === undefined ? [] : [`below ${figure(below)}`]),
  ];
  return not === '' ? sides.join(' and ') : `${not} ${sides.join(' or ')}`;
}

interface Pair {
  value: number;
  reading: MetricReading;
  other: OtherReading | undefined;
}

function judgeAgainst(metric: Metric, against: Comparison, minimumSamples: number, pair: Pair): JudgedMeasurement[] {
  const { maxIncrease, maxDecrease, judge } = metric;
  if (maxIncrease === undefined && maxDecrease === undefined && !judge) return [];
  const other = pair.other ?? { missing: `nothing was read of ${against}` };
  if ('missing' in other) return [lacking(other.missing)];
  const base = usable(against, other, minimumSamples);
  if (typeof base === 'string') return [lacking(base)];
  const judged: JudgedMeasurement[] = [];
  if (maxIncrease !== undefined) judged.push(judgeIncrease(metric, maxIncrease, against, pair, other, base));
  if (maxDecrease !== undefined) judged.push(judgeDecrease(maxDecrease, against, pair.value, base));
  if (judge)
    judged.push({
      verdict: 'collected',
      why: `${figure(pair.value)} beside ${figure(base)} of ${against}, kept to compare`,
    });
  return judged;
}

function judgeIncrease(
  metric: Metric,
  times: number,
  against: Comparison,
  { value, reading }: Pair,
  other: MetricReading,
  base: number,
): Judged {
  const numbers = `${figure(value)} against ${figure(base)} of ${against}`;
  if (value === 0 && base === 0) return { verdict: 'pass', why: `0, as ${against}` };
  if (value < 0 || base < 0) return { verdict: 'inconclusive', why: `${numbers}: a value below zero has no multiple` };
  if (base === 0) return judgeBesideFaultless(metric, times, { ours: reading, theirs: other, numbers });
  const limit = `${figure(times)} times that (${figure(times * base)})`;
  return value > times * base
    ? { verdict: 'fail', why: `${numbers} is more than ${limit}` }
    : { verdict: 'pass', why: `${numbers} is not more than ${limit}` };
}

/**
 * No number is a multiple of zero. Of the router's error rate it is known how many requests both rest on: were the
 * revision's rate no more than `times` the other's, each of all the errors would be its own with the probability
 * below, so that all of them are has that to the power of their number (the conditional test of J. Przyborowski and
 * H. Wilenski, Biometrika 31, 1940).
 */
function judgeBesideFaultless(
  { source, query }: Metric,
  times: number,
  { ours, theirs, numbers }: { ours: MetricReading; theirs: MetricReading; numbers: string },
): Judged {
  const { value, samples } = ours;
  if (source !== 'router' || query !== 'errorRate' || !samples || !theirs.samples)
    return { verdict: 'inconclusive', why: `${numbers}: nothing is a multiple of zero` };
  const errors = Math.round((value ?? 0) * samples);
  const share = (times * samples) / (times * samples + theirs.samples);
  const chance = share ** errors;
  const counts = `${errors} errors in ${samples} requests against none in ${theirs.samples}`;
  return chance < CHANCE
    ? { verdict: 'fail', why: `${numbers}, ${counts}: more than ${figure(times)} times as many, beyond chance` }
    : { verdict: 'inconclusive', why: `${numbers}, ${counts}: that may be chance` };
}

function judgeDecrease(times: number, against: Comparison, value: number, base: number): Judged {
  const numbers = `${figure(value)} against ${figure(base)} of ${against}`;
  if (value < 0 || base <= 0)
    return { verdict: 'inconclusive', why: `${numbers}: only what is above zero can be less by a factor` };
  const limit = `${figure(times)} times that (${figure(times * base)})`;
  return value < times * base
    ? { verdict: 'fail', why: `${numbers} is less than ${limit}` }
    : { verdict: 'pass', why: `${numbers} is not less than ${limit}` };
}
