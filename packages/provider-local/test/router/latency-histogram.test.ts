import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/router/latency-histogram.ts';

test('nothing recorded, nothing known', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentile(50)).toBeNull();
  expect(histogram.counts().counts.every((count) => count === 0)).toBe(true);
});

test('bounds go from 1 ms to a minute, 12 % apart, and one count is for what took longer', () => {
  const { bounds, counts } = new LatencyHistogram().counts();
  expect(bounds[0]).toBe(1);
  expect(bounds.at(-1)).toBeGreaterThan(59_000);
  bounds.slice(1).forEach((bound, index) => {
    expect(bound / (bounds[index] as number)).toBeCloseTo(1.12, 2);
  });
  expect(counts).toHaveLength(bounds.length + 1);
});

test('each duration is counted between the two bounds that it lies between', () => {
  for (const [duration, least] of [
    [0, 0],
    [0.4, 0],
    [1, 0],
    [50, 45],
    [50_000, 45_000],
    [70_000, 59_000],
    [3_600_000, 59_000],
  ] as const) {
    const histogram = new LatencyHistogram();
    histogram.record(duration);
    const { bounds, counts } = histogram.counts();
    const at = counts.indexOf(1);
    expect(counts.filter((count) => count > 0)).toEqual([1]);
    expect(duration).toBeLessThanOrEqual(bounds[at] ?? Number.POSITIVE_INFINITY);
    expect(bounds[at - 1] ?? 0).toBeGreaterThanOrEqual(least);
    expect(bounds[at - 1] ?? 0).toBeLessThanOrEqual(duration);
  }
});

test('percentiles are those of the durations, at most 1 % above', () => {
  const durations = fc.array(fc.double({ min: 0.01, max: 55_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 100 }), (all, percent) => {
      const histogram = new LatencyHistogram();
      for (const one of all) histogram.record(one);
      const exact = all.toSorted((a, b) => a - b)[Math.ceil((all.length * percent) / 100) - 1] as number;
      const told = histogram.percentile(percent) as number;
      expect(told).toBeGreaterThanOrEqual(exact - 0.001);
      expect(told).toBeLessThanOrEqual(exact * 1.0101 + 0.001);
      expect(histogram.counts().counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
    }),
  );
});
