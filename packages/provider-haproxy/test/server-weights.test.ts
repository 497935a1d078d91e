import { expect, test } from 'vitest';
import { serverWeights } from '../src/config/server-weights.ts';

const sum = (weights: readonly number[] = []) => weights.reduce((all, weight) => all + weight, 0);

test.each([
  [
    { a: 1, b: 99 },
    { a: 1, b: 1 },
  ],
  [
    { a: 5, b: 95 },
    { a: 1, b: 3 },
  ],
  [
    { a: 33, b: 67 },
    { a: 2, b: 3 },
  ],
  [
    { a: 50, b: 50 },
    { a: 1, b: 5 },
  ],
  [
    { a: 34, b: 33, c: 33 },
    { a: 1, b: 2, c: 4 },
  ],
  [
    { a: 1, b: 99 },
    { a: 10, b: 1 },
  ],
  [
    { a: 99, b: 1 },
    { a: 7, b: 3 },
  ],
])('%j over %j instances is split within half a point, by weights that HAProxy takes', (shares, instances) => {
  const weights = serverWeights(shares as Record<string, number>, instances as Record<string, number>);
  const whole = sum(Object.values(weights).flat());
  for (const [revision, share] of Object.entries(shares)) {
    expect(Math.abs((sum(weights[revision]) / whole) * 100 - share)).toBeLessThan(0.5);
    expect(weights[revision]).toHaveLength((instances as Record<string, number>)[revision] ?? 0);
  }
  expect(Math.max(...Object.values(weights).flat())).toBeLessThanOrEqual(256);
});

test('a share that can be divided evenly is', () => {
  expect(serverWeights({ a: 25, b: 75 }, { a: 3, b: 2 })).toEqual({ a: [2, 2, 2], b: [9, 9] });
});

test('without weight nothing has any', () => {
  expect(serverWeights({}, { a: 2 })).toEqual({});
});
