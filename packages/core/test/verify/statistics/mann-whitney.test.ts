import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { hodgesLehmann, median } from '../../../src/verify/statistics/hodges-lehmann.ts';
import { arrangements, mannWhitney } from '../../../src/verify/statistics/mann-whitney.ts';
import { normalBelow, normalQuantile } from '../../../src/verify/statistics/normal.ts';

/** Permeability of the human chorioamnion at term and before: Hollander & Wolfe, and R's `?wilcox.test`. */
const AT_TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const BEFORE = [1.15, 0.88, 0.9, 0.74, 1.21];
/** Ozone in May and August: R's `airquality` and `?wilcox.test`; full of ties. */
const MAY = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37];
const AUGUST = [
  39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
];

describe('published vectors', () => {
  it('gives W = 35, p = 0.1272 (greater) for the chorioamnion, as R and Hollander & Wolfe', () => {
    const { u, p, exact } = mannWhitney(AT_TERM, BEFORE);
    expect([u, exact]).toEqual([35, true]);
    expect(p.greater).toBeCloseTo(0.1272061272061272, 12);
    expect(p.twoSided).toBeCloseTo(0.2544122544122544, 12);
  });

  it('gives a shift of 0.305, and the interval from -0.15 to 0.76 with 96 %, for the same', () => {
    const { shift, low, high } = hodgesLehmann(AT_TERM, BEFORE, 0.96);
    expect(shift).toBeCloseTo(0.305, 12);
    expect(low).toBeCloseTo(-0.15, 12);
    expect(high).toBeCloseTo(0.76, 12);
  });

  it('gives W = 127.5, p = 0.0001208 for the ozone, ties and continuity corrected, as R', () => {
    const { u, p, exact } = mannWhitney(MAY, AUGUST);
    expect([u, exact]).toEqual([127.5, false]);
    expect(p.twoSided).toBeCloseTo(0.00012080783076877434, 12);
    expect(hodgesLehmann(MAY, AUGUST).shift).toBe(-32);
  });

  it('gives U = 17, p = 1/9 for the ages at which diabetes was found, as SciPy', () => {
    const { u, p, effect } = mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    expect(u).toBe(17);
    expect(p.twoSided).toBeCloseTo(1 / 9, 12);
    expect(effect).toBeCloseTo(0.7, 12);
  });

  it('knows the normal distribution', () => {
    expect(normalBelow(0)).toBe(0.5);
    expect(normalBelow(-1.959963984540054)).toBeCloseTo(0.025, 14);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect([normalBelow(-50), normalBelow(50)]).toEqual([0, 1]);
  });
});

test('the exact distribution is that of all arrangements, counted one by one', () => {
  const counted = (m: number, n: number): number[] => {
    const counts = new Array<number>(m * n + 1).fill(0);
    for (let mask = 0; mask < 2 ** (m + n); mask++) {
      let [own, u] = [0, 0];
      for (let bit = 0; bit < m + n; bit++) {
        if (mask & (1 << bit)) own++;
        else u += own;
      }
      if (own === m) counts[m * n - u]!++;
    }
    return counts;
  };
  for (const [m, n] of [
    [1, 1],
    [2, 3],
    [4, 4],
    [5, 2],
  ] as const)
    expect(arrangements(m, n)).toEqual(counted(m, n));
  expect(arrangements(25, 25).reduce((sum, count) => sum + count)).toBe(126_410_606_437_752);
});

const value = fc.integer({ min: -1_000, max: 1_000 });
const sample = (most = 40) => fc.array(value, { minLength: 1, maxLength: most });

describe('whatever is measured', () => {
  it('is symmetric: what is greater for one is less for the other', () => {
    fc.assert(
      fc.property(sample(), sample(), (a, b) => {
        const [ab, ba] = [mannWhitney(a, b), mannWhitney(b, a)];
        expect(ab.u + ba.u).toBe(a.length * b.length);
        expect(ab.p.twoSided).toBeCloseTo(ba.p.twoSided, 9);
        expect(ab.p.greater).toBeCloseTo(ba.p.less, 9);
        expect(ab.effect).toBeCloseTo(-ba.effect, 9);
        const [shift, back] = [hodgesLehmann(a, b), hodgesLehmann(b, a)];
        expect(shift.shift).toBeCloseTo(-back.shift, 9);
        expect(shift.low).toBeCloseTo(-back.high, 9);
      }),
    );
  });

  it('does not hang on the order', () => {
    fc.assert(
      fc.property(sample(), sample(), fc.func(fc.nat()), (a, b, key) => {
        const mixed = (values: number[]) => values.toSorted((x, y) => key(x) - key(y));
        expect(mannWhitney(mixed(a), mixed(b))).toEqual(mannWhitney(a, b));
        expect(hodgesLehmann(mixed(a), mixed(b))).toEqual(hodgesLehmann(a, b));
      }),
    );
  });

  it('does not hang on unit or origin', () => {
    fc.assert(
      fc.property(sample(), sample(), value, fc.constantFrom(0.25, 2, 1_024), (a, b, by, times) => {
        const moved = (values: number[]) => values.map((one) => (one + by) * times);
        expect(mannWhitney(moved(a), moved(b))).toEqual(mannWhitney(a, b));
        expect(hodgesLehmann(moved(a), moved(b)).shift).toBeCloseTo(hodgesLehmann(a, b).shift * times, 6);
      }),
    );
  });

  it('is monotone: raising a sample makes it neither look nor test smaller', () => {
    fc.assert(
      fc.property(sample(), sample(), fc.integer({ min: 1, max: 100 }), (a, b, by) => {
        const raised = a.map((one) => one + by);
        expect(mannWhitney(raised, b).u).toBeGreaterThanOrEqual(mannWhitney(a, b).u);
        expect(hodgesLehmann(raised, b).shift).toBe(hodgesLehmann(a, b).shift + by);
      }),
    );
  });

  it('has probabilities between 0 and 1 and an estimate within its interval', () => {
    fc.assert(
      fc.property(sample(60), sample(60), fc.double({ min: 0.5, max: 0.999, noNaN: true }), (a, b, confidence) => {
        for (const p of Object.values(mannWhitney(a, b).p)) {
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
        }
        const { shift, low, high } = hodgesLehmann(a, b, confidence);
        expect(low).toBeLessThanOrEqual(shift);
        expect(high).toBeGreaterThanOrEqual(shift);
      }),
    );
  });

  it('tells nothing of samples that are all the same', () => {
    expect(mannWhitney([3, 3, 3], [3, 3]).p).toEqual({ less: 1, greater: 1, twoSided: 1 });
    expect(mannWhitney([3, 3, 3], [3, 3]).effect).toBe(0);
  });

  it('is near the exact distribution where the approximation takes over', () => {
    const odd = Array.from({ length: 25 }, (_, i) => 2 * i + 6);
    const even = Array.from({ length: 25 }, (_, i) => 2 * i - 1);
    const exact = mannWhitney(odd, even);
    const tied = mannWhitney([...odd.slice(1), 1e6], [...even.slice(1), 1e6]);
    expect([exact.exact, tied.exact]).toEqual([true, false]);
    expect(Math.abs(exact.p.twoSided - tied.p.twoSided)).toBeLessThan(0.03);
  });
});

test('the interval holds the true shift as often as it says', () => {
  const normal = () =>
    Array.from({ length: 12 }, () => Array.from({ length: 12 }, Math.random).reduce((x, y) => x + y) - 6);
  let held = 0;
  for (let run = 0; run < 1_000; run++) {
    const { low, high } = hodgesLehmann(
      normal().map((one) => one + 0.7),
      normal(),
      0.9,
    );
    if (low <= 0.7 && high >= 0.7) held++;
  }
  // At least 900 are expected, with a deviation below 10.
  expect(held).toBeGreaterThan(850);
});

test('the median is the middle', () => {
  expect([median([3]), median([4, 1]), median([9, 1, 5])]).toEqual([3, 2.5, 5]);
});
