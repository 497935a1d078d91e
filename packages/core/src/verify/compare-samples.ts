import type { Comparison, StatisticalJudge } from '../config/project.ts';
import { figure } from './figure.ts';
import { hodgesLehmann, median } from './statistics/hodges-lehmann.ts';
import { mannWhitney } from './statistics/mann-whitney.ts';
import type { Judged } from './verdict.ts';

/** More values than these of one side are thinned out evenly: the comparison takes the product of both in memory. */
const MOST_VALUES = 500;

/**
 * Judges a revision's measurements against another's. It fails when they are worse beyond chance (Mann-Whitney U, at the
 * judge's confidence, in its direction) and by more than is tolerated (Hodges-Lehmann shift against the other's
 * median). It passes when the shift is within what is tolerated. Worse by more than that, but not beyond chance, and too
 * few values on a side, are inconclusive. Against a median of zero nothing is tolerated, and nothing is divided by it.
 */
export function compareSamples(
  judge: StatisticalJudge,
  against: Comparison,
  ours: readonly number[],
  theirs: readonly number[],
): Judged {
  const fewest = Math.max(1, judge.minimumMeasurements);
  if (ours.length < fewest || theirs.length < fewest) {
    const counts = `${ours.length} against ${theirs.length} of ${against}`;
    return {
      verdict: 'inconclusive',
      why: `too few measurements to compare: ${counts}, at least ${fewest} are needed`,
    };
  }
  const [a, b] = [thinned(ours), thinned(theirs)];
  const test = mannWhitney(a, b);
  const moved = hodgesLehmann(a, b, judge.confidence);
  const tolerated = judge.tolerance * Math.abs(median(b));
  const { worse, p } = inDirection(judge.direction, moved.shift, test.p);
  const numbers = `shift ${figure(moved.shift)}${relative(moved.shift, median(b))}, with ${figure(judge.confidence * 100)} % confidence ${figure(moved.low)} to ${figure(moved.high)}; p ${figure(p)}; effect ${figure(test.effect)}; ${ours.length} against ${theirs.length} measurements`;
  if (worse <= tolerated)
    return { verdict: 'pass', why: `not worse than ${against} by more than is tolerated: ${numbers}` };
  if (p < 1 - judge.confidence) return { verdict: 'fail', why: `worse than ${against}: ${numbers}` };
  return { verdict: 'inconclusive', why: `seems worse than ${against}, but it may be chance: ${numbers}` };
}

function inDirection(
  direction: StatisticalJudge['direction'],
  shift: number,
  p: { twoSided: number; greater: number; less: number },
): { worse: number; p: number } {
  if (direction === 'increase') return { worse: shift, p: p.greater };
  if (direction === 'decrease') return { worse: -shift, p: p.less };
  return { worse: Math.abs(shift), p: p.twoSided };
}

function relative(shift: number, base: number): string {
  return base === 0 ? '' : ` (${figure((shift / Math.abs(base)) * 100)} % of the median ${figure(base)})`;
}

function thinned(values: readonly number[]): readonly number[] {
  if (values.length <= MOST_VALUES) return values;
  return Array.from({ length: MOST_VALUES }, (_, i) => values[Math.floor((i * values.length) / MOST_VALUES)]!);
}
