import { describe, expect, it, test } from 'vitest';
import { durationOf, intervalOf, Timetable } from '../../src/handlers/analyse-timetable.ts';
import { analysis } from '../verify/analyses.ts';

/** The moments at which it measures when each measurement takes so long. */
function moments(times: { delayMs?: number; intervalMs: number; durationMs: number }, tookMs = 0): number[] {
  const table = new Timetable({ delayMs: 0, ...times });
  const found: number[] = [];
  for (let now = 0; ; ) {
    const next = table.next(now, found.at(-1));
    if (next === undefined || found.length > 99) return found;
    found.push(next);
    now = Math.max(now, next) + tookMs;
  }
}

test('the interval is a fifth of the duration between 1 s and 10 s, where none is declared', () => {
  expect([2_000, 20_000, 60_000, 600_000].map((ms) => intervalOf(analysis(), ms))).toEqual([
    1_000, 4_000, 10_000, 10_000,
  ]);
  expect(intervalOf(analysis({ intervalMs: 250 }), 60_000)).toBe(250);
});

test('what was extended lasts its usual time from there, however long nobody measured before', () => {
  const at = (seconds: number) => ({ at: new Date(seconds * 1_000).toISOString() });
  const analyse = { delayMs: 10_000, plannedMs: 60_000, usualMs: 60_000 };
  const watch = { ...analyse, plannedMs: Number.POSITIVE_INFINITY };
  expect(durationOf({ began: at(0), extended: [] }, analyse)).toBe(60_000);
  expect(durationOf({ began: at(0), extended: [] }, watch)).toBe(Number.POSITIVE_INFINITY);
  // It was killed, and resumed and extended after eight minutes.
  expect(durationOf({ began: at(0), extended: [at(510)] }, analyse)).toBe(560_000);
  expect(durationOf({ began: at(0), extended: [at(70), at(510)] }, analyse)).toBe(560_000);
  expect(durationOf({ began: at(0), extended: [at(510)] }, watch)).toBe(560_000);
  // Timers and clocks are never exact, and take nothing away.
  expect(durationOf({ began: at(0), extended: [at(65)] }, analyse)).toBe(120_000);
  // One that was over before its delay was begins after that.
  expect(durationOf({ began: at(0), extended: [at(4)] }, watch)).toBe(60_000);
});

describe('the moments', () => {
  it('are the ends of intervals after the delay', () => {
    expect(moments({ intervalMs: 10, durationMs: 50 })).toEqual([10, 20, 30, 40, 50]);
    expect(moments({ intervalMs: 10, durationMs: 30, delayMs: 25 })).toEqual([35, 45, 55]);
  });

  it('have one at the end when much is left there, or nothing was measured', () => {
    expect(moments({ intervalMs: 10, durationMs: 36 })).toEqual([10, 20, 30, 36]);
    expect(moments({ intervalMs: 10, durationMs: 34 })).toEqual([10, 20, 30]);
    expect(moments({ intervalMs: 10_000, durationMs: 2_000 })).toEqual([2_000]);
  });

  it('do not drift, however long a measurement takes', () => {
    expect(moments({ intervalMs: 10, durationMs: 50 }, 3)).toEqual([10, 20, 30, 40, 50]);
    expect(moments({ intervalMs: 10, durationMs: 50 }, 10)).toEqual([10, 20, 30, 40, 50]);
    expect(moments({ intervalMs: 10, durationMs: 100 }, 24)).toEqual([10, 30, 60, 80, 100]);
  });

  it('are never the same twice when a timer is early', () => {
    expect(new Timetable({ delayMs: 0, intervalMs: 10, durationMs: 50 }).next(9.6, 10)).toBe(20);
  });

  it('leave one interval more after a kill', () => {
    const table = new Timetable({ delayMs: 0, intervalMs: 10, durationMs: 50 });
    table.takeUp(1_000);
    expect(table.next(1_000, undefined)).toBe(1_010);
    expect(table.next(1_010, 1_010)).toBeUndefined();
  });
});
