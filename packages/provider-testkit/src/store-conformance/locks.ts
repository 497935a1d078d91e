import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { lockSample, put, sampleHolder, stateChanged } from './samples.ts';

export function describeLocks(makePlace: MakeStorePlace): void {
  describe('locks', () => {
    it('gives a free lock to one and names it to the others', async () => {
      const place = await placeForTest(makePlace);
      const [one, other] = [await place.open(), await place.open()];
      expect(await one.readLock('dev')).toBeUndefined();
      expect(await one.acquireLock('dev', sampleHolder('one'), 60_000)).toEqual({ kind: 'acquired', epoch: 1 });
      const refused = await other.acquireLock('dev', sampleHolder('other'), 60_000);
      expect(refused).toMatchObject({
        kind: 'held',
        by: { environment: 'dev', epoch: 1, holder: sampleHolder('one') },
      });
      expect(await other.readLock('dev')).toMatchObject({ epoch: 1, holder: sampleHolder('one') });
      expect(await other.acquireLock('prod', sampleHolder('other'), 60_000)).toEqual({ kind: 'acquired', epoch: 1 });
    });

    it('lets only one of many who ask at once have it', async () => {
      const place = await placeForTest(makePlace);
      const stores = await Promise.all(Array.from({ length: 5 }, () => place.open()));
      const results = await Promise.all(
        stores.map((store, index) => store.acquireLock('dev', sampleHolder(`${index}`), 60_000)),
      );
      expect(results.filter((result) => result.kind === 'acquired')).toHaveLength(1);
    });

    it('lets the epoch grow over every acquisition, also over releases', async () => {
      const store = await (await placeForTest(makePlace)).open();
      for (const epoch of [1, 2, 3]) {
        expect(await store.acquireLock('dev', sampleHolder('one'), 60_000)).toEqual({ kind: 'acquired', epoch });
        await store.releaseLock('dev', epoch);
        await store.releaseLock('dev', epoch);
        expect(await store.readLock('dev')).toBeUndefined();
      }
    });

    it('gives a lock whose lease ran out to the next, and tells whose it was', async () => {
      let now = 1_000_000;
      const store = await (await placeForTest(makePlace)).open({ now: () => now });
      await store.acquireLock('dev', sampleHolder('one'), 1_000);
      now += 999;
      expect(await store.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({ kind: 'held' });
      now += 1;
      expect(await store.acquireLock('dev', sampleHolder('two'), 1_000)).toEqual({
        kind: 'acquired',
        epoch: 2,
        tookOverFrom: sampleHolder('one'),
      });
      expect(await store.renewLock('dev', 1, 1_000)).toBe(false);
      await store.releaseLock('dev', 1);
      expect(await store.readLock('dev')).toMatchObject({ epoch: 2 });
    });

    it('keeps a lock while it is renewed', async () => {
      let now = 1_000_000;
      const store = await (await placeForTest(makePlace)).open({ now: () => now });
      await store.acquireLock('dev', sampleHolder('one'), 1_000);
      for (let turn = 0; turn < 3; turn += 1) {
        now += 900;
        expect(await store.renewLock('dev', 1, 1_000)).toBe(true);
      }
      expect(await store.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({
        kind: 'held',
        by: { expiresAt: new Date(now + 1_000).toISOString() },
      });
      expect(await store.renewLock('nowhere', 1, 1_000)).toBe(false);
    });

    it('replaces a holder only under the epoch that was seen', async () => {
      const store = await (await placeForTest(makePlace)).open();
      await store.acquireLock('dev', sampleHolder('one'), 60_000);
      const two = await store.acquireLock('dev', sampleHolder('two'), 60_000, { replacing: 1 });
      expect(two).toEqual({ kind: 'acquired', epoch: 2, tookOverFrom: sampleHolder('one') });
      const three = await store.acquireLock('dev', sampleHolder('three'), 60_000, { replacing: 1 });
      expect(three).toMatchObject({ kind: 'held', by: { epoch: 2 } });
    });

    it('refuses writes of whoever does not hold the lock', async () => {
      const place = await placeForTest(makePlace);
      const [store, other] = [await place.open(), await place.open()];
      const events = [stateChanged(put('a', 1))];
      await expect(store.append('dev', 0, events)).rejects.toMatchObject({ code: 'fenced' });
      const epoch = await lockSample(store, 'dev');
      await expect(store.append('dev', epoch - 1, events)).rejects.toMatchObject({ code: 'fenced' });
      await expect(store.append('dev', epoch + 1, events)).rejects.toMatchObject({ code: 'fenced' });
      await other.acquireLock('dev', sampleHolder('other'), 60_000, { replacing: epoch });
      await expect(store.append('dev', epoch, events)).rejects.toMatchObject({ code: 'fenced', subject: 'dev' });
      await other.append('dev', epoch + 1, events);
      await other.releaseLock('dev', epoch + 1);
      await expect(other.append('dev', epoch + 1, events)).rejects.toMatchObject({ code: 'fenced' });
      expect(await store.events({ environment: 'dev' })).toHaveLength(1);
    });

    it('lets a lease run out in its own time when the clock was set back', async () => {
      let now = 10_000_000;
      const place = await placeForTest(makePlace);
      const [gone, next] = [await place.open({ now: () => now }), await place.open({ now: () => now })];
      await gone.acquireLock('dev', sampleHolder('one'), 1_000);
      now -= 3_600_000;
      expect(await next.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({
        kind: 'held',
        by: { expiresAt: new Date(now + 1_000).toISOString() },
      });
      now += 999;
      expect(await next.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({ kind: 'held' });
      now += 1;
      expect(await next.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({ kind: 'acquired', epoch: 2 });
    });

    it('keeps a lock that is renewed while the clock is set back', async () => {
      let now = 10_000_000;
      const place = await placeForTest(makePlace);
      const [store, next] = [await place.open({ now: () => now }), await place.open({ now: () => now })];
      await store.acquireLock('dev', sampleHolder('one'), 1_000);
      now -= 3_600_000;
      for (let turn = 0; turn < 4; turn += 1) {
        expect(await next.acquireLock('dev', sampleHolder('two'), 1_000)).toMatchObject({ kind: 'held' });
        now += 600;
        expect(await store.renewLock('dev', 1, 1_000)).toBe(true);
      }
    });

    it('accepts writes after the lease ran out until someone took over', async () => {
      let now = 1_000_000;
      const store = await (await placeForTest(makePlace)).open({ now: () => now });
      await store.acquireLock('dev', sampleHolder('one'), 1_000);
      now += 5_000;
      await store.append('dev', 1, [stateChanged(put('a', 1))]);
      await store.acquireLock('dev', sampleHolder('two'), 1_000);
      await expect(store.append('dev', 1, [stateChanged(put('a', 2))])).rejects.toMatchObject({ code: 'fenced' });
    });
  });
}
