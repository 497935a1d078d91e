import type { JournalEvent } from '@slipway/core';
import { describe, expect, it } from 'vitest';
import { type MakeStorePlace, placeForTest } from './place.ts';
import { lockSample, put, samplePlan, started, stateChanged, stepStarted, stepSucceeded } from './samples.ts';

function expectChain(events: readonly JournalEvent[]): void {
  let previous = '0'.repeat(64);
  events.forEach((event, index) => {
    expect(event.seq).toBe(index + 1);
    expect(event.previous).toBe(previous);
    expect(event.hash).toMatch(/^[0-9a-f]{64}$/);
    previous = event.hash;
  });
}

export function describeAppends(makePlace: MakeStorePlace): void {
  describe('appends', () => {
    it('numbers and chains events and gives them back as they were written', async () => {
      const place = await placeForTest(makePlace);
      const store = await place.open();
      const epoch = await lockSample(store, 'dev');
      const plan = samplePlan('dev');
      await store.savePlan(plan);
      const first = await store.append('dev', epoch, [started('d1', plan), stepStarted('d1', 'resource:a/create')]);
      const second = await store.append('dev', epoch, [stepSucceeded('d1', 'resource:a/create', 5, put('a', 'x'))]);
      expect(await store.append('dev', epoch, [])).toEqual([]);
      expectChain([...first, ...second]);
      const reader = await place.open();
      expect(await reader.events({ environment: 'dev' })).toEqual([...first, ...second]);
      expect(second[0]).toMatchObject({
        environment: 'dev',
        epoch,
        step: 'resource:a/create',
        data: { durationMs: 5 },
      });
    });

    it('gives equal content another hash at another place', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const hashes = new Set<string>();
      for (const environment of ['dev', 'prod']) {
        const epoch = await lockSample(store, environment);
        const same = [stateChanged(), stateChanged()];
        for (const event of await store.append(environment, epoch, same)) hashes.add(event.hash);
      }
      expect(hashes.size).toBe(4);
    });

    it('writes all of a group or nothing', async () => {
      const store = await (await placeForTest(makePlace)).open();
      const epoch = await lockSample(store, 'dev');
      await store.append('dev', epoch, [stateChanged(put('a', 1))]);
      const unsaved = started('d1', samplePlan('dev'));
      const group = [stateChanged(put('a', 2), put('b', 2)), unsaved];
      await expect(store.append('dev', epoch, group)).rejects.toMatchObject({ code: 'plan-missing' });
      expect(await store.events({ environment: 'dev' })).toHaveLength(1);
      expect((await store.state('dev')).size).toBe(1);
      expect(await store.deployments({})).toEqual([]);
      const [next] = await store.append('dev', epoch, [stateChanged(put('a', 3))]);
      expect(next?.seq).toBe(2);
      expect((await store.audit()).findings).toEqual([]);
    });

    it('reads parts: after a number, at most so many, of one deployment, of one environment', async () => {
      const store = await (await placeForTest(makePlace)).open();
      for (const environment of ['dev', 'prod']) {
        const plan = samplePlan(environment);
        await store.savePlan(plan);
        const epoch = await lockSample(store, environment);
        await store.append(environment, epoch, [
          started(`${environment}-1`, plan),
          stateChanged(put('a', 1)),
          started(`${environment}-2`, plan),
          stepStarted(`${environment}-1`, 'resource:a/create'),
          stepStarted(`${environment}-2`, 'resource:b/create'),
        ]);
      }
      const seqs = async (query: Parameters<typeof store.events>[0]) =>
        (await store.events(query)).map((event) => `${event.environment}${event.seq}`);
      expect(await seqs({ environment: 'dev', after: 3 })).toEqual(['dev4', 'dev5']);
      expect(await seqs({ environment: 'dev', after: 1, limit: 2 })).toEqual(['dev2', 'dev3']);
      expect(await seqs({ deployment: 'prod-1' })).toEqual(['prod1', 'prod4']);
      expect(await seqs({ deployment: 'prod-1', after: 1 })).toEqual(['prod4']);
      expect(await seqs({ deployment: 'prod-2', limit: 1 })).toEqual(['prod3']);
      expect(await seqs({ deployment: 'prod-1', environment: 'dev' })).toEqual([]);
      expect(await seqs({ deployment: 'nothing' })).toEqual([]);
      expect(await seqs({ environment: 'nowhere' })).toEqual([]);
      expect(await seqs({ limit: 7 })).toEqual(['dev1', 'dev2', 'dev3', 'dev4', 'dev5', 'prod1', 'prod2']);
      expect(await store.environments()).toEqual(['dev', 'prod']);
      const [last] = await store.events({ deployment: 'dev-2', after: 3 });
      const [before] = await store.events({ environment: 'dev', after: 3, limit: 1 });
      expect(last?.previous).toBe(before?.hash);
    });

    it('reports sound chains with their heads, and heads that are not those of an anchor', async () => {
      const store = await (await placeForTest(makePlace)).open();
      expect(await store.audit()).toEqual({ chains: [], findings: [] });
      const epoch = await lockSample(store, 'dev');
      const [first] = await store.append('dev', epoch, [stateChanged(put('a', 1))]);
      const anchor = `1:${first?.hash}`;
      expect(await store.audit()).toEqual({ chains: [{ environment: 'dev', records: 1, head: anchor }], findings: [] });
      await store.append('dev', epoch, [stateChanged(put('a', 2))]);
      const findings = async (anchors: Record<string, string>) => (await store.audit({ anchors })).findings;
      expect(await findings({ dev: anchor })).toEqual([]);
      expect(await findings({ dev: `2:${first?.hash}` })).toMatchObject([{ environment: 'dev', seq: 2 }]);
      expect(await findings({ dev: `3:${first?.hash}` })).toMatchObject([{ environment: 'dev', seq: 3 }]);
      expect(await findings({ prod: anchor })).toMatchObject([{ environment: 'prod', seq: 1 }]);
      await expect(store.audit({ anchors: { dev: 'nonsense' } })).rejects.toMatchObject({ code: 'bad-anchor' });
    });
  });
}
