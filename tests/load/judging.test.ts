import type { JournalEvent } from '@slipway/core';
import { expect, test } from 'vitest';
import { cutsBeforeDrained } from './cuts.ts';
import { isWithinTolerance, splitsOf } from './split.ts';

const T0 = Date.parse('2026-01-01T00:00:00Z');

/** An event of a step, so many ms after the beginning. */
const event = (type: string, step: string, ms: number) =>
  ({ type, step, at: new Date(T0 + ms).toISOString(), data: {} }) as unknown as JournalEvent;

/** A run of the load, with its answers by revision. */
const round = (from: number, to: number, answered: Record<string, number>) => ({
  ...{ from: T0 + from, to: T0 + to, answered },
  ...{ requests: 0, badStatus: 0, socketErrors: 0 },
});

const holds = [
  event('step.started', 'service:web/hold-1', 1_000),
  event('step.succeeded', 'service:web/hold-1', 5_000),
  event('step.started', 'service:web/hold-2', 6_000),
  event('step.succeeded', 'service:web/hold-2', 9_000),
];

test('a split is that of the load which lies within the hold of its weight', () => {
  const rounds = [
    round(500, 2_500, { v1: 5_000 }),
    round(2_500, 4_500, { v1: 900, v2: 100 }),
    round(2_600, 4_600, { v1: 1_799, v2: 201 }),
    round(4_500, 6_500, { v2: 5_000 }),
    round(6_500, 8_500, { v1: 480, v2: 520 }),
  ];
  const splits = splitsOf('v2', [10, 50], holds, rounds);
  expect(splits).toEqual([
    { declared: 10, measured: 10.03, requests: 3_000 },
    { declared: 50, measured: 52, requests: 1_000 },
  ]);
  expect(splits.map((split) => isWithinTolerance(split))).toEqual([true, false]);
});

test('of few requests, a split may be off by what chance explains', () => {
  const few = { declared: 50, measured: 53, requests: 400 };
  expect(isWithinTolerance(few)).toBe(false);
  expect(isWithinTolerance(few, true)).toBe(true);
  expect(isWithinTolerance({ ...few, requests: 40_000 }, true)).toBe(false);
});

test('a hold that no load lies within measured nothing, which is not within tolerance', () => {
  const [split] = splitsOf('v2', [0], holds, []);
  expect(split).toEqual({ declared: 0, measured: 0, requests: 0 });
  expect(isWithinTolerance(split!)).toBe(false);
});

test('a connection may be cut once for each drain that lasted for as long as it may', () => {
  const drains = [event('step.started', 'service:web/drain', 0), event('step.started', 'service:web/drain', 20_000)];
  const cuts = (...ms: number[]) =>
    cutsBeforeDrained(
      ms.map((one) => T0 + one),
      drains,
      10_000,
    ).map((at) => at - T0);
  expect(cuts(10_100, 30_100)).toEqual([]);
  expect(cuts(9_900)).toEqual([9_900]);
  expect(cuts(10_100, 10_200)).toEqual([10_200]);
});
