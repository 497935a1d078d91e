import { arrangements } from './mann-whitney.ts';
import { normalQuantile } from './normal.ts';

/** How much the values of one sample are shifted against those of another. */
export interface Shift {
  /** The estimate, in the unit of the values; positive: the first is greater. */
  shift: number;
  /** Where the shift lies with the confidence asked for. */
  low: number;
  high: number;
}

const EXACT_UP_TO = 25;

/**
 * The median of all differences between a value of the first sample and one of the second: the estimator of J. L. Hodges
 * and E. L. Lehmann, "Estimates of Location Based on Rank Tests", Annals of Mathematical Statistics 34, 1963. Its
 * confidence interval is that of L. E. Moses: the k-th smallest to the k-th largest difference, with k from the null
 * distribution of the Mann-Whitney U (M. Hollander and D. A. Wolfe, "Nonparametric Statistical Methods", sections 4.2
 * and 4.3), exact for at most 25 values each, else by the normal approximation. It covers at least what is asked for,
 * as far as so few values can: two small samples can't do better than their extremes.
 *
 * Takes time and memory in proportion to the product of the sizes. The values must be finite, neither sample empty.
 */
export function hodgesLehmann(first: readonly number[], second: readonly number[], confidence = 0.95): Shift {
  const [m, n] = [first.length, second.length];
  const differences = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) differences[i * n + j] = first[i]! - second[j]!;
  differences.sort();
  const k = Math.max(1, m <= EXACT_UP_TO && n <= EXACT_UP_TO ? exactRank(m, n, confidence) : rank(m, n, confidence));
  return { shift: medianOfSorted(differences), low: differences[k - 1]!, high: differences[m * n - k]! };
}

/** The middle value, or the mean of the two in the middle. The values must not be empty; their order doesn't matter. */
export function median(values: readonly number[]): number {
  return medianOfSorted(Float64Array.from(values).sort());
}

function medianOfSorted(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[middle - 1]!;
  return lower + (upper - lower) / 2;
}

/** The largest k for which less than half of what may be missed lies below it. */
function exactRank(m: number, n: number, confidence: number): number {
  const counts = arrangements(m, n);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const missable = (all * (1 - confidence)) / 2;
  let [k, below] = [0, counts[0]!];
  while (below < missable) below += counts[++k]!;
  return k;
}

function rank(m: number, n: number, confidence: number): number {
  const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
  return Math.floor((m * n) / 2 - normalQuantile((1 + confidence) / 2) * deviation);
}
