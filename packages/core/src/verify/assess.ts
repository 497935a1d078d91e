import type { Analysis, Metric } from '../config/project.ts';
import { figure } from './figure.ts';
import { judgeMetric, type Measurement, NOTHING_MEASURED, type Standing, type Tally, tally } from './tally-metric.ts';
import type { Judged } from './verdict.ts';

/** How an analysis stands. */
export interface Assessment extends Judged<Standing> {
  /** In the order of the analysis. */
  metrics: (Judged<Standing> & { metric: string })[];
  /** Measuring on can't change it: it failed, or no source that could is left. */
  settled: boolean;
}

/** The tallies of an analysis' metrics, by name. */
export type Tallies = ReadonlyMap<string, Tally>;

/** Counts one measurement more; of a metric that the analysis doesn't have, nothing. */
export function count(analysis: Analysis, before: Tallies, measurement: Measurement): Tallies {
  const metric = analysis.metrics.find(({ name }) => name === measurement.metric);
  if (!metric) return before;
  return new Map(before).set(metric.name, tally(metric, tallyOf(before, metric), measurement));
}

/**
 * What the measurements so far come to. On the way an analysis is `running` until a failure is certain: of a critical
 * metric, or of so many others that the score can't be reached any more. At its `end` it passes when every critical
 * metric passes and the score is reached; otherwise it fails or is inconclusive, as what could still pass decides.
 * Where nothing passes, the analysis doesn't, whatever the score. Pure.
 */
export function assess(analysis: Analysis, tallies: Tallies, when: 'on-the-way' | 'at-the-end'): Assessment {
  const metrics = analysis.metrics.map((metric) => ({ metric, judged: standing(analysis, metric, tallies, when) }));
  const listed = metrics.map(({ metric, judged }) => ({ metric: metric.name, ...judged }));
  const allSettled = analysis.metrics.every((metric) => tallyOf(tallies, metric).settled);
  const failure = certainFailure(analysis, metrics);
  if (failure) return { verdict: 'fail', why: failure, metrics: listed, settled: true };
  if (when === 'on-the-way') {
    return { verdict: 'running', why: sentence(metrics, 'running'), metrics: listed, settled: allSettled };
  }
  const open = metrics.filter(({ metric, judged }) => judged.verdict === 'inconclusive' && metric.critical);
  const passed = share(analysis, metrics, (verdict) => verdict === 'pass');
  if (open.length === 0 && passed >= analysis.passScore && metrics.some(({ judged }) => judged.verdict === 'pass')) {
    const score = passed === 1 ? '' : ` (${figure(passed)} of the weight, ${figure(analysis.passScore)} needed)`;
    return { verdict: 'pass', why: sentence(metrics, 'pass') + score, metrics: listed, settled: allSettled };
  }
  const settled = metrics.some(({ metric }) => metric.critical && tallyOf(tallies, metric).settled) || allSettled;
  return { verdict: 'inconclusive', why: sentence(metrics, 'inconclusive'), metrics: listed, settled };
}

interface Judgement {
  metric: Metric;
  judged: Judged<Standing>;
}

function standing(analysis: Analysis, metric: Metric, tallies: Tallies, when: string): Judged<Standing> {
  const tally = tallyOf(tallies, metric);
  if (when === 'at-the-end' || tally.settled) return judgeMetric(metric, analysis.minimumMeasurements, tally);
  return { verdict: 'running', why: tally.newest?.why ?? tally.untold ?? 'not measured yet' };
}

function certainFailure(analysis: Analysis, metrics: readonly Judgement[]): string | undefined {
  const failed = metrics.filter(({ judged }) => judged.verdict === 'fail');
  const critical = failed.find(({ metric }) => metric.critical);
  if (critical) return `${critical.metric.name}: ${critical.judged.why}`;
  if (failed.length === 0) return undefined;
  const reachable = share(analysis, metrics, (verdict) => verdict !== 'fail');
  if (reachable >= analysis.passScore) return undefined;
  return `${sentence(metrics, 'fail')} (at most ${figure(reachable)} of the weight can pass, ${figure(analysis.passScore)} needed)`;
}

/** Share of the metrics' weight whose verdict is such. */
function share(analysis: Analysis, metrics: readonly Judgement[], such: (verdict: Standing) => boolean): number {
  const all = analysis.metrics.reduce((sum, { weight }) => sum + weight, 0);
  const part = metrics.reduce((sum, { metric, judged }) => sum + (such(judged.verdict) ? metric.weight : 0), 0);
  return all > 0 ? part / all : Number(metrics.every(({ judged }) => such(judged.verdict)));
}

function sentence(metrics: readonly Judgement[], verdict: Standing): string {
  const such = metrics.filter(({ judged }) => judged.verdict === verdict);
  return such.map(({ metric, judged }) => `${metric.name}: ${judged.why}`).join('; ') || 'no metric passed';
}

function tallyOf(tallies: Tallies, { name }: Metric): Tally {
  return tallies.get(name) ?? NOTHING_MEASURED;
}
