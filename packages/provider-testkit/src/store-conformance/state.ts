import { type Address, replayState, type StateChange } from '@slipway/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { inputsOf, lockSample, put, remove, sampleRecord, stateChanged } from './samples.ts';

const change: fc.Arbitrary<StateChange> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer()).map(([n, v]) => put(`r${n}`, v)) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }).map((n) => remove(`r${n}`)) },
);
/** Groups of events, each with some changes. */
const groups = fc.array(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), { maxLength: 6 });

export function describeState(makePlace: MakeStorePlace): void {
  describe('recorded state', () => {
    it('applies changes with their event and keeps every moment', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const epoch = await lockSample(store, 'dev');
      await store.append('dev', epoch, [stateChanged(put('a', 1)), stateChanged(put('b', 1), put('a', 2))]);
      await store.append('dev', epoch, [stateChanged(), stateChanged(remove('a'))]);
      expect(inputsOf(await store.state('dev'))).toEqual({ 'resource:b': 1 });
      expect((await store.state('dev', 0)).size).toBe(0);
      expect(inputsOf(await store.state('dev', 1))).toEqual({ 'resource:a': 1 });
      expect(inputsOf(await store.state('dev', 2))).toEqual({ 'resource:a': 2, 'resource:b': 1 });
      expect(inputsOf(await store.state('dev', 3))).toEqual({ 'resource:a': 2, 'resource:b': 1 });
      expect(inputsOf(await store.state('dev', 4))).toEqual({ 'resource:b': 1 });
      expect(await store.record('dev', 'resource:b')).toEqual(sampleRecord('b', 1));
      expect(await store.record('dev', 'resource:a')).toBeUndefined();
      expect(await store.record('nowhere', 'resource:a')).toBeUndefined();
      expect((await store.state('nowhere')).size).toBe(0);
    });

    it('says which event changed state last, and what changed since an event', async () => {
      const store = await (await placeForTest(makePlace)).open();
      expect(await store.stateSeq('dev')).toBe(0);
      expect(await store.changedSince('dev', 0)).toEqual([]);
      const epoch = await lockSample(store, 'dev');
      await store.append('dev', epoch, [stateChanged(put('a', 1), put('b', 1)), stateChanged(put('c', 1))]);
      await store.append('dev', epoch, [stateChanged(put('a', 2)), stateChanged(remove('c')), stateChanged()]);
      await store.append('dev', epoch, [stateChanged(remove('nothing'))]);
      expect(await store.stateSeq('dev')).toBe(4);
      const since = async (seq: number) =>
        (await store.changedSince('dev', seq)).map((each) => [each.address, each.seq, each.deployment]);
      expect(await since(1)).toEqual([
        ['resource:a', 3, null],
        ['resource:c', 4, null],
      ]);
      expect(await since(3)).toEqual([['resource:c', 4, null]]);
      expect(await since(4)).toEqual([]);
      expect((await since(0)).map(([address]) => address).sort()).toEqual(['resource:a', 'resource:b', 'resource:c']);
    });

    it('sees what another process wrote in between', async () => {
      const place = await placeForTest(makePlace);
      const [one, two] = [await place.open(), await place.open()];
      const epoch = await lockSample(one, 'dev');
      await one.append('dev', epoch, [stateChanged(put('a', 1))]);
      await two.append('dev', epoch, [stateChanged(put('a', 2), put('b', 2))]);
      await one.append('dev', epoch, [stateChanged(put('a', 3), remove('b'))]);
      expect(await two.record('dev', 'resource:b')).toBeUndefined();
      expect(inputsOf(await two.state('dev'))).toEqual({ 'resource:a': 3 });
      expect((await two.audit()).findings).toEqual([]);
    });

    it('equals the replayed journal at every event, whatever happened', async () => {
      const place = await placeForTest(makePlace);
      const store = await place.open();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(groups, async (history) => {
          run += 1;
          const environment = `run-${run}`;
          const epoch = await lockSample(store, environment);
          for (const group of history) {
            await store.append(
              environment,
              epoch,
              group.map((changes) => stateChanged(...changes)),
            );
          }
          const events = await store.events({ environment });
          for (let at = 0; at <= events.length; at += 1) {
            expect(await store.state(environment, at)).toEqual(replayState(events.slice(0, at)));
          }
          const now = await store.state(environment);
          expect(now).toEqual(replayState(events));
          for (const n of [0, 1, 2, 3, 4, 5]) {
            const address: Address = `resource:r${n}`;
            expect(await store.record(environment, address)).toEqual(now.get(address));
          }
        }),
        { numRuns: 25 },
      );
      expect((await store.audit()).findings).toEqual([]);
    });
  });
}
