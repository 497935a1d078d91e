import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { built, ended, lockSample, samplePlan, started, stepStarted, stepSucceeded } from './samples.ts';

export function describeKeeping(makePlace: MakeStorePlace): void {
  describe('what is kept beside the journal', () => {
    it('keeps plans under their digest', async () => {
      const place = await placeForTest(makePlace);
      const store = await place.open();
      const plan = samplePlan('dev');
      await store.savePlan(plan);
      await store.savePlan(plan);
      expect(await (await place.open()).plan(plan.digest)).toEqual(plan);
      expect(await store.plan('nothing')).toBeUndefined();
    });

    it('keeps the newest artifact of a fingerprint, for every environment, as the event of its build says', async () => {
      const place = await placeForTest(makePlace);
      const store = await place.open();
      const epoch = await lockSample(store, 'dev');
      expect(await store.artifact('f')).toBeUndefined();
      await store.append('dev', epoch, [built('d1', 'f', 'one', '2026-01-01T00:00:00.000Z')]);
      const entry = { fingerprint: 'f', digest: 'one', sizeBytes: 12, createdAt: '2026-01-01T00:00:00.000Z' };
      expect(await store.artifact('f')).toEqual(entry);
      expect(await (await place.open()).artifact('f')).toEqual(entry);
      await store.append('dev', epoch, [built('d1', 'g', 'three'), built('d1', 'f', 'two')]);
      expect(await store.artifact('f')).toMatchObject({ digest: 'two' });
      expect(await store.artifact('g')).toMatchObject({ digest: 'three' });
      await store.append('prod', await lockSample(store, 'prod'), [built('d2', 'f', 'four')]);
      expect(await store.artifact('f')).toMatchObject({ digest: 'four' });
      expect(await store.artifact('h')).toBeUndefined();
      expect((await store.audit()).findings).toEqual([]);
    });

    it('keeps no artifact of an append that was refused', async () => {
      const store = await (await placeForTest(makePlace)).open();
      await expect(store.append('dev', 1, [built('d1', 'f', 'one')])).rejects.toMatchObject({ code: 'fenced' });
      expect(await store.artifact('f')).toBeUndefined();
    });

    it('hands requests on, in order, to whoever runs the deployment', async () => {
      const place = await placeForTest(makePlace);
      const [store, terminal] = [await place.open(), await place.open()];
      const request = { deployment: 'd1', by: 'someone', at: '2026-01-01T00:00:00.000Z' };
      const first = await terminal.request({ ...request, what: 'pause', reason: 'lunch' });
      const second = await terminal.request({ ...request, what: 'continue' });
      await terminal.request({ ...request, deployment: 'd2', what: 'abort' });
      expect(await store.requests('d1', 0)).toEqual([
        { ...request, number: first, what: 'pause', reason: 'lunch' },
        { ...request, number: second, what: 'continue' },
      ]);
      expect(await store.requests('d1', first)).toMatchObject([{ what: 'continue' }]);
      expect(await store.requests('d1', second)).toEqual([]);
    });

    it('learns durations by step, the newest counting half, from real runs only', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const plan = samplePlan('dev');
      await store.savePlan(plan);
      const epoch = await lockSample(store, 'dev');
      const step = 'resource:a/create';
      const durations = async () => Object.fromEntries(await store.durations('dev'));
      expect(await durations()).toEqual({});
      await store.append('dev', epoch, [started('d1', plan), stepSucceeded('d1', step, 100)]);
      expect(await durations()).toEqual({ [step]: 100 });
      await store.append('dev', epoch, [ended('d1', 'completed')]);
      expect(await durations()).toEqual({ [step]: 100 });
      await store.append('dev', epoch, [started('d2', plan), stepSucceeded('d2', step, 200)]);
      await store.append('dev', epoch, [stepSucceeded('d2', 'resource:b/create', 8), ended('d2', 'completed')]);
      expect(await durations()).toEqual({ [step]: 150, 'resource:b/create': 8 });
      const settled = { as: 'done', how: 'it exists' } as const;
      await store.append('dev', epoch, [
        started('d3', plan),
        stepStarted('d3', step),
        { type: 'step.settled', deployment: 'd3', step, at: 'then', data: settled },
        stepSucceeded('d3', step, 0),
        ended('d3', 'completed'),
      ]);
      expect(await durations()).toEqual({ [step]: 150, 'resource:b/create': 8 });
      expect(await store.durations('nowhere')).toEqual(new Map());
    });
  });
}
