import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlueGreenStrategy, RollingStrategy } from '../../src/config/project.ts';
import { weightsBy } from '../../src/strategies/instances.ts';
import { analysis, canaryOf, leftOver, rollingOf, type Situation, simulate, storyOf, type World } from './simulate.ts';

const amount = fc.oneof(
  fc.nat(6).map((count) => ({ count })),
  fc.constantFrom(0, 10, 25, 34, 50, 100).map((percent) => ({ percent })),
);
const rolling = fc
  .record({
    batch: fc.oneof(
      fc.integer({ min: 1, max: 6 }).map((count) => ({ count })),
      fc.constant({ percent: 100 }),
    ),
    maxSurge: amount,
    maxUnavailable: amount,
    minimumHealthyMs: fc.constantFrom(0, 100),
    pauseMs: fc.constantFrom(0, 100),
    bakeMs: fc.constantFrom(0, 100),
    watched: fc.boolean(),
  })
  .map(({ watched, ...more }) => rollingOf({ ...more, ...(watched ? { analysis } : {}) }));
const canary = fc
  .record({
    weights: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 5, minLength: 1 }),
    holdMs: fc.constantFrom(undefined, 1_000),
    scale: fc.option(amount, { nil: undefined }),
    baseline: fc.boolean(),
    keepOld: fc.constantFrom(true, false, { forMs: 1_000 }),
    bakeMs: fc.constantFrom(0, 100),
    watched: fc.boolean(),
  })
  .map(({ weights, holdMs, scale, watched, ...more }) =>
    canaryOf(
      weights
        .toSorted((a, b) => a - b)
        .map((weight, index) => ({
          weight,
          pause: false,
          ...(holdMs === undefined ? {} : { holdMs }),
          ...(scale && index === 0 ? { scale } : {}),
        })),
      { ...more, ...(watched ? { analysis } : {}) },
    ),
  );
const blueGreen: fc.Arbitrary<BlueGreenStrategy> = fc.record({
  kind: fc.constant('blue-green' as const),
  drainMs: fc.constant(1_000),
  keepOld: fc.constantFrom(true, false, { forMs: 1_000 }),
  validationMs: fc.constantFrom(0, 100),
  switch: fc.constantFrom('automatic' as const, 'manual' as const),
  bakeMs: fc.constantFrom(0, 100),
  gradual: fc.constant({ step: 30, holdMs: 100 }),
});
const situation = {
  wanted: fc.integer({ min: 1, max: 9 }),
  before: fc.integer({ min: 1, max: 9 }),
  order: fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }),
};

const size = (world: World, id: string) => world.running.get(id)?.size ?? 0;
const serving = (world: World) =>
  [...world.taking].reduce(
    (sum, [id, slots]) => sum + slots.filter((slot) => world.running.get(id)?.has(slot)).length,
    0,
  );

/** How many instances more than wanted may run, and how many may be missing. */
function roomOf(strategy: RollingStrategy, wanted: number): { surge: number; missing: number } {
  const of = (one: RollingStrategy['maxSurge'], round: (value: number) => number) =>
    'count' in one ? one.count : round((one.percent * wanted) / 100);
  const surge = of(strategy.maxSurge, Math.ceil);
  return { surge, missing: Math.max(of(strategy.maxUnavailable, Math.floor), surge === 0 ? 1 : 0) };
}

/** What no rollout may do, whatever is declared. */
function expectHarmless(world: World): void {
  const weights = Object.entries(world.weights).filter(([, weight]) => weight > 0);
  if (weights.length > 0) expect(weights.reduce((sum, [, weight]) => sum + weight, 0)).toBe(100);
  for (const [id, slots] of world.taking) {
    expect(slots.length, `${id} has traffic and somebody to take it`).toBeGreaterThan(0);
    for (const slot of slots) {
      expect(world.running.get(id), `${id} runs where its traffic goes`).toContain(slot);
      expect(world.probed.get(id), `${id} answered before it got traffic`).toContain(slot);
    }
  }
}

describe('whatever is declared', () => {
  it('rolling keeps its promises, and ends exact', () => {
    fc.assert(
      fc.property(fc.record({ strategy: rolling, ...situation }), (declared) => {
        const { strategy, wanted, before } = declared;
        const { surge, missing } = roomOf(strategy, wanted);
        const world = simulate(declared, (now) => {
          expectHarmless(now);
          expect(serving(now)).toBeGreaterThanOrEqual(Math.min(before, wanted - missing));
          expect(size(now, 'new') + size(now, 'old')).toBeLessThanOrEqual(Math.max(before, wanted + surge));
        });
        expect([size(world, 'new'), size(world, 'old'), world.weights]).toEqual([wanted, 0, { new: 100 }]);
      }),
      { numRuns: 100 },
    );
  });

  it('a promotion that could fail never sends traffic to what has no capacity, and the old one keeps all of its own', () => {
    fc.assert(
      fc.property(fc.record({ strategy: fc.oneof(canary, blueGreen), ...situation }), (declared: Situation) => {
        const { wanted, before } = declared;
        let promoted = false;
        let verified = false;
        const world = simulate(declared, (now, step) => {
          expectHarmless(now);
          if (now.weights.new === 100) {
            promoted = true;
            expect(now.probed.get('new')!.size, 'all of it answers before it gets everything').toBe(wanted);
          }
          if (step.action === 'verify') verified = true;
          // A way back is one switch, at any time before: nothing of the old one was taken away.
          if (!promoted || !verified) expect(size(now, 'old')).toBe(before);
          if (size(now, 'old') < before!) expect(verified, 'nothing goes before the new one was verified').toBe(true);
        });
        expect([size(world, 'new'), world.weights]).toEqual([wanted, { new: 100 }]);
        expect(world.running.has('old-baseline')).toBe(false);
        const { keepOld } = declared.strategy as { keepOld: unknown };
        expect(size(world, 'old')).toBe(keepOld === true ? before : 0);
      }),
      { numRuns: 100 },
    );
  });

  it('nobody is sent to what a broken replacement left of the old one before it has its capacity', () => {
    const broken = fc.record({
      strategy: rolling,
      declared: situation.wanted,
      gone: fc.nat(9),
      came: situation.wanted,
      isTriedAgain: fc.boolean(),
    });
    const preview = blueGreen.map(({ gradual: _, ...rest }) => ({ ...rest, previewPort: 81 }));
    const strategy = fc.oneof(rolling, canary, blueGreen, preview);
    fc.assert(
      fc.property(fc.record({ ...situation, strategy, broken }), ({ broken: left, ...declared }) => {
        const before = Math.max(0, left.declared - left.gone);
        const id = left.isTriedAgain ? 'new' : 'broken';
        const enough = left.declared - roomOf(left.strategy, left.declared).missing;
        const world = simulate(
          {
            ...declared,
            before,
            traffic: { weights: weightsBy({ [id]: left.came, old: before }) },
            others: [leftOver(id, left.came, left.strategy, { declared: left.declared })],
          },
          (now, step) => {
            expectHarmless(now);
            if (step.id.endsWith('/take-back')) expect(now.taking.get('old')!.length).toBeGreaterThanOrEqual(enough);
            if (declared.strategy.kind !== 'rolling') return;
            const { missing } = roomOf(declared.strategy, declared.wanted);
            const least = Math.min(before + left.came, enough, declared.wanted - missing);
            expect(serving(now)).toBeGreaterThanOrEqual(least);
          },
        );
        expect([size(world, 'new'), size(world, 'broken'), world.weights]).toEqual([declared.wanted, 0, { new: 100 }]);
      }),
      { numRuns: 200 },
    );
  });

  it('a baseline that a broken canary left goes, whether or not the next rollout has one', () => {
    fc.assert(
      fc.property(fc.record({ ...situation, strategy: fc.oneof(rolling, canary, blueGreen) }), (declared) => {
        const others = [leftOver('old-baseline', 1, declared.strategy, { role: 'baseline' })];
        const world = simulate({ ...declared, others }, expectHarmless);
        expect([...world.running.keys()].filter((id) => id !== 'old')).toEqual(['new']);
      }),
      { numRuns: 50 },
    );
  });

  it('the first deployment starts all, probes all, and switches once, whatever the strategy', () => {
    fc.assert(
      fc.property(fc.oneof(canary, blueGreen, rolling), situation.wanted, (strategy, wanted) => {
        const story = storyOf({ strategy, wanted, before: null, traffic: { weights: {} } });
        expect(story).toEqual([`stage ${wanted}`, 'probe', 'switch new=100', 'verify']);
      }),
      { numRuns: 50 },
    );
  });

  it('shares by instances sum to 100, and who has an instance has a share', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 4 }), (numbers) => {
        const instances = Object.fromEntries(numbers.map((count, index) => [`r${index}`, count]));
        const weights = weightsBy(instances);
        const some = numbers.filter((count) => count > 0);
        expect(Object.keys(weights)).toHaveLength(some.length);
        if (some.length > 0) expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBe(100);
        for (const [id, weight] of Object.entries(weights)) {
          expect(weight).toBeGreaterThanOrEqual(1);
          const exact = (100 * instances[id]!) / some.reduce((sum, count) => sum + count, 0);
          if (exact >= 4) expect(Math.abs(weight - exact)).toBeLessThan(4);
        }
      }),
    );
  });
});
