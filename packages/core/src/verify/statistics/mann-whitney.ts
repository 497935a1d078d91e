import { normalBelow } from './normal.ts';

/** What {@link mannWhitney} tells of two samples. */
export interface MannWhitney {
  /** How many of all pairs the first sample wins, ties counted half: 0 to the number of pairs. */
  u: number;
  /** How likely a U at least that far from the middle is if both samples come from one distribution. */
  p: {
    twoSided: number;
    /** For "the first tends to be greater". */
    greater: number;
    less: number;
  };
  /** Cliff's delta: wins less losses, as a share of all pairs; -1 to 1, 0 where neither tends to be greater. */
  effect: number;
  /** From the exact distribution; otherwise by the normal approximation. */
  exact: boolean;
}

/** Up to here the counts of the exact distribution are whole numbers that a double holds. */
const EXACT_UP_TO = 25;

/**
 * The rank-sum test of H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is
 * Stochastically Larger than the Other", Annals of Mathematical Statistics 18, 1947. It compares without asking how the
 * values are distributed, and a few wild ones don't sway it.
 *
 * Exact for samples without ties of at most 25 values each. Otherwise the normal approximation, with the
 * correction for ties (M. Hollander and D. A. Wolfe, "Nonparametric Statistical Methods", section 4.1) and the continuity
 * correction of one half. The effect is the rank-biserial correlation of E. E. Cureton, Psychometrika 21, 1956. The
 * values must be finite and neither sample empty. Neither's order matters.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): MannWhitney {
  const [m, n] = [first.length, second.length];
  const { rankSum, ties } = rank(first, second);
  const u = rankSum - (m * (m + 1)) / 2;
  const effect = (2 * u) / (m * n) - 1;
  if (ties.length === 0 && m <= EXACT_UP_TO && n <= EXACT_UP_TO) return { u, p: exactly(u, m, n), effect, exact: true };
  return { u, p: approximately(u, m, n, ties), effect, exact: false };
}

/**
 * How many of the arrangements of m and n values give each U, from 0 to m·n: the coefficients of the Gaussian binomial.
 * They sum to (m+n) over m.
 */
export function arrangements(m: number, n: number): number[] {
  const counts = new Array<number>(m * n + 1).fill(0);
  counts[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let u = m * n; u >= n + i; u--) counts[u]! -= counts[u - n - i]!;
    for (let u = i; u <= m * n; u++) counts[u]! += counts[u - i]!;
  }
  return counts;
}

function exactly(u: number, m: number, n: number): MannWhitney['p'] {
  const counts = arrangements(m, n);
  let [all, below, above] = [0, 0, 0];
  for (const [value, count] of counts.entries()) {
    all += count;
    if (value <= u) below += count;
    if (value >= u) above += count;
  }
  return { less: below / all, greater: above / all, twoSided: Math.min(1, (2 * Math.min(below, above)) / all) };
}

function approximately(u: number, m: number, n: number, ties: readonly number[]): MannWhitney['p'] {
  const all = m + n;
  const tied = ties.reduce((sum, size) => sum + (size ** 3 - size), 0);
  const deviation = Math.sqrt(((m * n) / 12) * (all + 1 - tied / (all * (all - 1))));
  // Every value is the same: nothing tells the samples apart.
  if (!(deviation > 0)) return { less: 1, greater: 1, twoSided: 1 };
  const off = u - (m * n) / 2;
  return {
    less: normalBelow((off + 0.5) / deviation),
    greater: normalBelow((0.5 - off) / deviation),
    twoSided: Math.min(1, 2 * normalBelow((0.5 - Math.abs(off)) / deviation)),
  };
}

/** The sum of the first sample's ranks among all, and how many values share each rank that is shared. */
function rank(first: readonly number[], second: readonly number[]): { rankSum: number; ties: number[] } {
  const all = [...first.map((value) => ({ value, own: true })), ...second.map((value) => ({ value, own: false }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  const ties: number[] = [];
  for (let start = 0; start < all.length; ) {
    let end = start;
    let own = 0;
    for (; end < all.length && all[end]!.value === all[start]!.value; end++) if (all[end]!.own) own++;
    rankSum += (own * (start + 1 + end)) / 2;
    if (end - start > 1) ties.push(end - start);
    start = end;
  }
  return { rankSum, ties };
}
