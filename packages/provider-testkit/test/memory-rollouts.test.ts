import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  MemoryCluster,
  memoryPlatform,
  memoryRouter,
  openTestPlace,
  sampleSpec,
  type TestPlace,
  writeSample,
} from '../src/index.ts';

let cluster: MemoryCluster;
let place: TestPlace;
beforeEach(async () => {
  cluster = new MemoryCluster();
  place = await openTestPlace();
});
afterEach(async () => {
  await cluster.close();
  await place.close();
});

async function request(revision: string, slots: number[]) {
  const spec = sampleSpec('process', 1);
  const artifact = await writeSample(place.context.directory);
  return { service: 'web', revision, spec, slots, artifact, env: {}, record: { id: revision } };
}

describe('a cluster in memory', () => {
  test('runs exactly the wanted instances, and its route answers while those that take part are well', async () => {
    const platform = memoryPlatform(cluster);
    await platform.stage(place.context, await request('r1', [0, 1]));
    await platform.stage(place.context, await request('r1', [1, 2]));
    const backends = await platform.endpoints(place.context, { service: 'web', revisions: ['r1', 'r2'] });
    expect(backends).toMatchObject({ r1: [{ slot: 1 }, { slot: 2 }], r2: [] });
    const { health } = sampleSpec('process', 1);
    const traffic = { service: 'web', port: 1, weights: { r1: 100 }, backends, routes: [], health };
    const { url } = await memoryRouter(cluster).setWeights(place.context, traffic);
    expect((await fetch(url)).status).toBe(200);
    cluster.stopInstance('web', 'r1', 2);
    expect((await fetch(url)).status).toBe(503);
    const target = { service: 'web', revision: 'r1', health };
    expect(await platform.probe(place.context, { ...target, slots: [1] })).toEqual({ kind: 'healthy' });
    expect(await platform.probe(place.context, { ...target, slots: [2] })).toMatchObject({ kind: 'unhealthy' });
    expect(await platform.recover!(place.context, 'web')).toEqual([{ record: { id: 'r1' }, slots: [1] }]);
  });

  test('counts what came in as it was told, and from 0 after a restart of the router', async () => {
    const router = memoryRouter(cluster);
    cluster.traffic.add('web', 'r1', { requests: 10, errors: 2, latencyMs: 20 });
    cluster.traffic.add('web', 'r1', { requests: 1, latencyMs: [900], open: 3 });
    const { r1 } = await router.traffic(place.context, 'web');
    expect(r1).toMatchObject({ requests: 11, errors: 2, open: 3, latency: { p50: 20, p95: 900, p99: 900 } });
    expect(r1!.histogram!.counts.reduce((sum, count) => sum + count, 0)).toBe(11);
    cluster.traffic.reset();
    expect(await router.traffic(place.context, 'web')).toEqual({});
  });

  test('refuses weight for what does not run', async () => {
    const { health } = sampleSpec('process', 1);
    const traffic = { service: 'web', port: 1, weights: { r1: 100 }, backends: {}, routes: [], health };
    const refused = memoryRouter(cluster).setWeights(place.context, traffic);
    await expect(refused).rejects.toMatchObject({ code: 'no-backends', subject: 'service:web' });
  });
});
