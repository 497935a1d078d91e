import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sweep } from './kill-plan.ts';
import { scheduleRuns } from './schedule.ts';

test('together the runs of a sweep reach both sides of every durable write', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (writes, runs) => {
      const reached = new Set<string>();
      for (let run = 0; run < runs; run++) {
        for (const kill of sweep(writes, runs, run)) if (kill.kind === 'write') reached.add(`${kill.side} ${kill.at}`);
      }
      const places = writes * 2;
      // A run has a limit: too few of them reach an even part.
      expect(reached.size).toBeGreaterThanOrEqual(Math.min(places, runs * 6));
      expect(reached.size).toBeLessThanOrEqual(places);
    }),
  );
});

test('the kills of a run come one after another', () => {
  const places = sweep(100, 10, 3).map((kill) => (kill.kind === 'write' ? kill.at : Number.NaN));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('every operation has its share of the runs, each turn once', () => {
  const runs = scheduleRuns(200);
  expect(runs.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  const shop = runs.filter(({ operation }) => operation === 'shop');
  expect(shop.map(({ turn }) => turn)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(shop.every(({ turns }) => turns === 20)).toBe(true);
});
