import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath, estimateMakespan, longestRemaining, type ScheduleItem } from '../../src/graph/schedule.ts';
import { anyDag } from './dag.ts';

const unlimited = { overall: 1_000, providers: {}, types: {} };

function anyItems(): fc.Arbitrary<ScheduleItem[]> {
  return anyDag().chain((dag) =>
    fc
      .tuple(...dag.ids.map(() => fc.tuple(fc.nat(50), fc.constantFrom('p', 'q'), fc.constantFrom('s', 't', 'u'))))
      .map((traits) =>
        dag.ids.map((id, at) => {
          const [durationMs, provider, type] = traits[at]!;
          return { id, needs: dag.needs.get(id)!, durationMs, provider, type };
        }),
      ),
  );
}

const work = (items: ScheduleItem[]) => items.reduce((sum, item) => sum + item.durationMs, 0);

describe('schedule', () => {
  it('finds the longest chain behind every item', () => {
    fc.assert(
      fc.property(anyItems(), (items) => {
        const longest = (id: string): number => {
          const behind = items.filter((item) => item.needs.includes(id)).map((item) => longest(item.id));
          return items.find((item) => item.id === id)!.durationMs + Math.max(0, ...behind);
        };
        const remaining = longestRemaining(items);
        for (const [at, item] of items.entries()) expect(remaining[at]).toBe(longest(item.id));
      }),
      { numRuns: 50 },
    );
  });

  it('names a critical path that is a chain, as long as it says, and as long as anything', () => {
    fc.assert(
      fc.property(anyItems(), (items) => {
        const { path, durationMs } = criticalPath(items);
        const byId = new Map(items.map((item) => [item.id, item]));
        expect(path.reduce((sum, id) => sum + byId.get(id)!.durationMs, 0)).toBe(durationMs);
        for (let at = 1; at < path.length; at++) expect(byId.get(path[at]!)!.needs).toContain(path[at - 1]);
        expect(durationMs).toBe(Math.max(...longestRemaining(items)));
        expect(estimateMakespan(items, unlimited)).toBe(durationMs);
      }),
    );
  });

  it('estimates within the bounds of list scheduling, and the plain sum with one slot', () => {
    fc.assert(
      fc.property(anyItems(), fc.integer({ min: 1, max: 6 }), (items, overall) => {
        const makespan = estimateMakespan(items, { overall, providers: {}, types: {} });
        const critical = criticalPath(items).durationMs;
        expect(makespan).toBeGreaterThanOrEqual(Math.max(critical, work(items) / overall));
        // Graham's bound.
        expect(makespan).toBeLessThanOrEqual(critical + work(items) / overall);
        expect(estimateMakespan(items, { overall: 1, providers: {}, types: {} })).toBe(work(items));
      }),
    );
  });

  it('counts the limits of providers and types', () => {
    fc.assert(
      fc.property(anyItems(), (items) => {
        const of = (trait: 'provider' | 'type', name: string) => work(items.filter((item) => item[trait] === name));
        const one = estimateMakespan(items, { overall: 50, providers: { p: 1 }, types: { u: 1 } });
        expect(one).toBeGreaterThanOrEqual(Math.max(of('provider', 'p'), of('type', 'u')));
        expect(one).toBeLessThanOrEqual(work(items));
      }),
    );
    const items = ['a', 'b', 'c', 'd'].map((id) => ({ id, needs: [], durationMs: 10, provider: 'p', type: 't' }));
    expect(estimateMakespan(items, { overall: 9, providers: { p: 2 }, types: {} })).toBe(20);
    expect(estimateMakespan(items, { overall: 9, providers: { p: 2 }, types: { t: 1 } })).toBe(40);
    expect(estimateMakespan(items, { overall: 9, providers: { q: 1 }, types: {} })).toBe(10);
  });

  it('takes needs outside the set as done, and names cycles and useless limits', () => {
    expect(estimateMakespan([{ id: 'a', needs: ['gone'], durationMs: 7 }], unlimited)).toBe(7);
    expect(criticalPath([])).toEqual({ path: [], durationMs: 0 });
    const circle = [
      { id: 'a', needs: ['b'], durationMs: 1 },
      { id: 'b', needs: ['a'], durationMs: 1 },
    ];
    expect(() => criticalPath(circle)).toThrow(
      expect.objectContaining({ code: 'cycle', message: expect.stringContaining('a -> b -> a') }),
    );
    expect(() => estimateMakespan([], { ...unlimited, types: { t: 0 } })).toThrow(
      expect.objectContaining({ code: 'limit-invalid' }),
    );
  });
});
