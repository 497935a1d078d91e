import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { placeOf } from '../src/place.ts';
import { currentWorker } from '../src/process/running.ts';
import { ask as askHaproxy } from '../src/runtime/ask.ts';
import { ask, folderOf, haproxyRouter, load, openStand, requestFor, startInstance } from './stand.ts';

describe.skipIf(!requirePart('haproxy'))('a HAProxy that Slipway runs', () => {
  test('comes back by itself after kill -9, with the servers and weights that were set while it ran', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const backends = { ...request.backends, v2: [await startInstance('v2')] };
    await haproxyRouter.setWeights(context, { ...request, backends, weights: { v1: 75, v2: 25 } });
    const before = await currentWorker(placeOf(context), context.signal);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await waitUntil('another worker', async () => {
      const now = await currentWorker(placeOf(context), context.signal);
      return now !== undefined && now.pid !== before?.pid;
    });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 75, v2: 25 });
    expect(await ask(request.port, 100)).toEqual({ v1: 75, v2: 25 });
  });

  test('a new service is a reload that costs the others no request', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const stop = load(request.port);
    for (const service of ['cart', 'search'])
      await haproxyRouter.setWeights(context, { ...request, service, port: await freePort() });
    const seen = await stop();
    expect(Object.keys(seen)).toEqual(['v1']);
    const { v1 } = await haproxyRouter.traffic(context, 'shop');
    expect(v1?.requests).toBeGreaterThan(0);
    expect(v1?.requests).toBeLessThanOrEqual(seen.v1 ?? 0);
  });

  test('ends with its last service, also when what kept it running was killed', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const { pid } = JSON.parse(readFileSync(join(folderOf(context), 'keeper.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    expect(await ask(request.port, 2)).toEqual({ v1: 2 });
    await haproxyRouter.remove(context, 'shop');
    expect(await haproxyRouter.checkPort?.(context, request)).toEqual({ kind: 'free' });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({});
  });

  test('a port that somebody else has is refused, and what runs is left', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const { port } = await startInstance('somebody');
    const refused = haproxyRouter.setWeights(context, { ...request, service: 'cart', port });
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-port-taken' });
    expect(await ask(request.port, 5)).toEqual({ v1: 5 });
  });

  test('an instance that does not answer gets nothing, and traffic stays as it was', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    request.health.timeoutMs = 100;
    await haproxyRouter.setWeights(context, request);
    const config = readFileSync(join(folderOf(context), 'haproxy.cfg'), 'utf8');
    const backends = { ...request.backends, v2: [{ slot: 0, host: '127.0.0.1', port: await freePort() }] };
    const refused = haproxyRouter.setWeights(context, { ...request, backends, weights: { v2: 100 } });
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-instance-down' });
    expect(await ask(request.port, 5)).toEqual({ v1: 5 });
    expect(readFileSync(join(folderOf(context), 'haproxy.cfg'), 'utf8')).toBe(config);
  }, 30_000);

  test('weights that somebody changed in HAProxy are told as they are', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const { statsSocket } = placeOf(context);
    const states = await askHaproxy(statsSocket, 'show servers state shop', context.signal);
    const name = /\bv2:0:[0-9a-f]+/.exec(states)?.[0];
    await askHaproxy(statsSocket, `set server shop/${name} state maint`, context.signal);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
    await haproxyRouter.setWeights(context, request);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 50, v2: 50 });
  });
});
