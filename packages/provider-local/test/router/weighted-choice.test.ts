import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightedChoice } from '../../src/router/weighted-choice.ts';

test('spreads choices as nginx does', () => {
  const choice = new WeightedChoice([
    ['a', 5],
    ['b', 1],
    ['c', 1],
  ]);
  expect(Array.from({ length: 7 }, () => choice.next()).join('')).toBe('aabacaa');
});

test('nothing with a weight, nothing chosen', () => {
  expect(new WeightedChoice([]).next()).toBeUndefined();
  expect(new WeightedChoice([['a', 0]]).next()).toBeUndefined();
});

test('any weights: exact over a cycle, and never more than a whole choice per rival away from the share', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      fc.pre(total > 0);
      const choice = new WeightedChoice(weights.map((weight, index) => [index, weight] as const));
      const chosen = weights.map(() => 0);
      for (let n = 1; n <= total * 2; n++) {
        const index = choice.next() as number;
        chosen[index] = (chosen[index] ?? 0) + 1;
        chosen.forEach((count, i) => {
          expect(Math.abs(count - (n * (weights[i] as number)) / total)).toBeLessThan(weights.length);
        });
      }
      expect(chosen).toEqual(weights.map((weight) => weight * 2));
    }),
  );
});
