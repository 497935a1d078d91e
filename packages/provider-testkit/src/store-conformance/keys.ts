import { SlipwayError, type Store } from '@slipway/core';
import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { built, lockSample, put, sampleHolder, stateChanged } from './samples.ts';

const OTHER = new Uint8Array(32).fill(9);
const GONE = new SlipwayError('key-missing', 'The key is gone.');

async function begin(store: Store): Promise<number> {
  const epoch = await lockSample(store, 'dev');
  await store.append('dev', epoch, [stateChanged(put('a', 1)), built('d1', 'f', 'one')]);
  return epoch;
}

export function describeKeys(makePlace: MakeStorePlace): void {
  describe('its key', () => {
    it.each([
      ['another key', OTHER, 'key-other'],
      ['no key', GONE, 'key-missing'],
    ])('can be read and not written with %s', async (_, key, code) => {
      const place = await placeForTest(makePlace);
      const store = await place.open();
      await store.requireKey();
      await store.releaseLock('dev', await begin(store));
      const blind = await place.open({ key });
      await expect(blind.requireKey()).rejects.toMatchObject({ code });
      await expect(blind.acquireLock('dev', sampleHolder('x'), 1_000)).rejects.toMatchObject({ code });
      await expect(blind.acquireLock('new', sampleHolder('x'), 1_000)).rejects.toMatchObject({ code });
      expect(await blind.readLock('dev')).toBeUndefined();
      expect(await blind.events({ environment: 'dev' })).toHaveLength(2);
      expect((await blind.state('dev')).size).toBe(1);
      expect(await blind.artifact('f')).toMatchObject({ digest: 'one' });
      const { findings, chains } = await blind.audit();
      expect(findings).toMatchObject([{ environment: '', what: expect.stringContaining("seals can't be checked") }]);
      expect(chains).toMatchObject([{ environment: 'dev', records: 2 }]);
      expect((await store.audit()).findings).toEqual([]);
    });

    it('can be written under any key before anything is recorded', async () => {
      const place = await placeForTest(makePlace);
      await place.open();
      await begin(await place.open({ key: OTHER }));
    });

    it('is replaced when told to: that is put down, and whoever has the old one is refused from then on', async () => {
      const place = await placeForTest(makePlace);
      const old = await place.open();
      const epoch = await begin(old);
      await lockSample(old, 'idle');
      const fresh = await place.open({ key: OTHER });
      expect(await fresh.acceptKey('someone')).toEqual(['dev', 'idle']);
      expect(await fresh.acceptKey('someone')).toEqual([]);
      await fresh.requireKey();
      expect((await fresh.events({ environment: 'dev' })).at(-1)).toMatchObject({
        type: 'key.replaced',
        epoch: epoch + 1,
        data: { by: 'someone' },
      });
      expect((await fresh.audit()).findings).toEqual([]);
      await expect(old.append('dev', epoch, [stateChanged()])).rejects.toMatchObject({ code: 'fenced' });
      await expect(old.acquireLock('dev', sampleHolder('x'), 1_000)).rejects.toMatchObject({ code: 'key-other' });
      await fresh.append('dev', await lockSample(fresh, 'dev'), [stateChanged(put('a', 2))]);
      await fresh.append('idle', await lockSample(fresh, 'idle'), [stateChanged(put('a', 2))]);
      expect((await fresh.audit()).findings).toEqual([]);
    });

    it('is not replaced by nothing', async () => {
      const place = await placeForTest(makePlace);
      await begin(await place.open());
      await expect((await place.open({ key: GONE })).acceptKey('someone')).rejects.toMatchObject({
        code: 'key-missing',
      });
    });
  });
}
