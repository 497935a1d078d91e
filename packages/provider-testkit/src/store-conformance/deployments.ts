import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { ended, lockSample, put, samplePlan, started, stateChanged, status, stepStarted } from './samples.ts';

export function describeDeployments(makePlace: MakeStorePlace): void {
  describe('deployments', () => {
    it('projects a header from the events', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const epoch = await lockSample(store, 'dev');
      const plan = samplePlan('dev', ['create', 'create', 'update', 'none']);
      await store.savePlan(plan);
      await store.append('dev', epoch, [stateChanged(put('a', 1)), started('d1', plan)]);
      expect(await store.deployment('d1')).toEqual({
        id: 'd1',
        environment: 'dev',
        kind: 'deploy',
        status: 'pending',
        project: 'shop',
        ship: '1.0.0',
        plan: plan.digest,
        snapshot: 0,
        lastSeq: 2,
        startedAt: '2026-01-02T03:04:05.678Z',
        endedAt: null,
        durationMs: null,
        counts: { create: 2, update: 1, replace: 0, delete: 0, none: 1 },
        rollbackOf: null,
        error: null,
      });
      await store.append('dev', epoch, [status('d1', 'in_progress'), stepStarted('d1', 'resource:a/create')]);
      expect(await store.deployment('d1')).toMatchObject({ status: 'in_progress', lastSeq: 4 });
      await store.append('dev', epoch, [ended('d1', 'failed', '2026-01-02T03:05:00.000Z')]);
      expect(await store.deployment('d1')).toMatchObject({
        status: 'failed',
        endedAt: '2026-01-02T03:05:00.000Z',
        durationMs: 1234,
        error: { code: 'broken', message: 'It broke.' },
        lastSeq: 5,
      });
      await store.append('dev', epoch, [
        { type: 'deployment.resumed', deployment: 'd1', step: null, at: 'later', data: { by: 'someone', epoch } },
      ]);
      expect(await store.deployment('d1')).toMatchObject({ status: 'in_progress', endedAt: null, error: null });
      expect((await store.audit()).findings).toEqual([]);
    });

    it('takes what came last for the newest, also when the clock was set back', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const plan = samplePlan('dev');
      await store.savePlan(plan);
      const epoch = await lockSample(store, 'dev');
      for (const hour of ['05', '04', '06', '03']) {
        await store.append('dev', epoch, [started(`at${hour}`, plan, `2026-01-01T${hour}:00:00.000Z`)]);
      }
      const newest = await store.deployments({ environment: 'dev' });
      expect(newest.map((header) => header.id)).toEqual(['at03', 'at06', 'at04', 'at05']);
      expect(await store.deployments({ environment: 'dev', limit: 1 })).toMatchObject([{ id: 'at03' }]);
      const other = samplePlan('prod');
      await store.savePlan(other);
      const at = '2026-01-01T04:30:00.000Z';
      await store.append('prod', await lockSample(store, 'prod'), [started('at0430', other, at)]);
      const all = await store.deployments({ limit: 4 });
      expect(all.map((header) => header.id)).toEqual(['at0430', 'at03', 'at06', 'at04']);
    });

    it('lists the newest first and finds one by a unique prefix', async () => {
      const store = await (await placeForTest(makePlace)).open();
      for (const [environment, id, at] of [
        ['dev', 'abc1', '2026-01-01T00:00:00.000Z'],
        ['prod', 'abd2', '2026-01-02T00:00:00.000Z'],
        ['dev', 'xyz3', '2026-01-03T00:00:00.000Z'],
      ] as const) {
        const plan = samplePlan(environment);
        await store.savePlan(plan);
        const epoch = await lockSample(store, environment);
        await store.append(environment, epoch, [started(id, plan, at)]);
        await store.releaseLock(environment, epoch);
      }
      const ids = async (query: { environment?: string; limit?: number }) =>
        (await store.deployments(query)).map((header) => header.id);
      expect(await ids({})).toEqual(['xyz3', 'abd2', 'abc1']);
      expect(await ids({ environment: 'dev' })).toEqual(['xyz3', 'abc1']);
      expect(await ids({ limit: 1 })).toEqual(['xyz3']);
      expect(await ids({ environment: 'nowhere' })).toEqual([]);
      expect((await store.deployment('x'))?.id).toBe('xyz3');
      expect((await store.deployment('abd2'))?.id).toBe('abd2');
      expect(await store.deployment('q')).toBeUndefined();
      expect(await store.deployment('')).toBeUndefined();
      await expect(store.deployment('ab')).rejects.toMatchObject({ code: 'ambiguous-deployment' });
    });

    it('keeps a deployment in its environment', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const plan = samplePlan('dev');
      await store.savePlan(plan);
      await store.append('dev', await lockSample(store, 'dev'), [started('d1', plan)]);
      const epoch = await lockSample(store, 'prod');
      await expect(store.append('prod', epoch, [status('d1', 'waiting')])).rejects.toMatchObject({
        code: 'deployment-elsewhere',
      });
    });
  });
}
