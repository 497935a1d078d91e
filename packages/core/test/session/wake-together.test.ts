import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wakeTogether } from '../../src/wake-together.ts';

const clock = fc.double({ min: 0, max: 1e9, noNaN: true });
const delays = fc.double({ min: 1_000, max: 1e6, noNaN: true });

it('brings timers together on whole seconds, never later than wanted and at most a second early', () => {
  fc.assert(
    fc.property(clock, delays, (now, delayMs) => {
      const delay = wakeTogether(delayMs, now);
      const offSecond = Math.abs((now + delay) / 1_000 - Math.round((now + delay) / 1_000));
      expect(offSecond).toBeLessThan(1e-6);
      expect(delay).toBeLessThanOrEqual(delayMs + 10 + 1e-6);
      expect(delay).toBeGreaterThan(delayMs - 1_000);
    }),
  );
});

it('does not fire twice for one moment when a timer fires a little early', () => {
  expect(wakeTogether(1_000, 2_999.2)).toBeCloseTo(1_000.8);
  expect(wakeTogether(1_000, 3_004)).toBeCloseTo(996);
});

it('leaves short delays alone', () => {
  expect(wakeTogether(300, 123)).toBe(300);
});
