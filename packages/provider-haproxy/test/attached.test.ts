import { freePort } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask, haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';
import { startTheirs } from './theirs.ts';

describe.skipIf(!requirePart('haproxy'))('a HAProxy of somebody else', () => {
  test('gets servers and weights, and gets them again after it lost them', async () => {
    const port = await freePort();
    const theirs = await startTheirs(port);
    const context = await openStand({ use: 'haproxy', socket: theirs.socket, backends: { shop: 'be_shop' } });
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = { ...(await requestFor(backends, { v1: 90, v2: 10 })), port };
    await haproxyRouter.setWeights(context, request);
    expect(await ask(port, 100)).toEqual({ v1: 90, v2: 10 });
    expect(await haproxyRouter.traffic(context, 'shop')).toMatchObject({ v1: { requests: 90 }, v2: { requests: 10 } });

    await theirs.restart();
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({});
    await haproxyRouter.setWeights(context, request);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 90, v2: 10 });

    await haproxyRouter.setWeights(context, { ...request, weights: { v2: 100 } });
    expect(await ask(port, 20)).toEqual({ v2: 20 });
    await haproxyRouter.remove(context, 'shop');
    expect(await ask(port, 3)).toEqual({ failed: 3 });
  });

  test('refuses routes, and says what would have to be in its config', async () => {
    const theirs = await startTheirs(await freePort());
    const context = await openStand({ use: 'haproxy', socket: theirs.socket });
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const routes = [{ revision: 'v1', header: 'x-preview', value: '1' }];
    expect(haproxyRouter.lacks?.({ socket: theirs.socket })).toEqual(['headers', 'cookies', 'previewPort', 'latency']);
    expect(haproxyRouter.lacks?.({})).toEqual([]);
    await expect(haproxyRouter.setWeights(context, { ...request, routes })).rejects.toMatchObject({
      code: 'haproxy-routes-attached',
    });
    await expect(haproxyRouter.setWeights(context, request)).rejects.toMatchObject({ code: 'haproxy-no-backend' });
  });

  test.each([
    ['is gone', { name: 'be_other' }],
    ['balances otherwise', { backend: ['balance leastconn'] }],
    ['has servers of somebody else', { backend: ['balance roundrobin', 'server theirs 127.0.0.1:9'] }],
  ])('lets a service go whose backend %s', async (_, changed) => {
    const theirs = await startTheirs(await freePort());
    const context = await openStand({ use: 'haproxy', socket: theirs.socket, backends: { shop: 'be_shop' } });
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    await theirs.reload(changed);
    await expect(haproxyRouter.setWeights(context, request)).rejects.toMatchObject({ details: { effect: 'none' } });

    await haproxyRouter.setWeights(context, { ...request, weights: {}, backends: {} });
    await haproxyRouter.setWeights(context, { ...request, weights: { v1: 0 } });
    const drained = haproxyRouter.drain(context, { service: 'shop', revision: 'v1', drainMs: 1_000 });
    expect(await drained).toEqual({ kind: 'drained' });
    await haproxyRouter.remove(context, 'shop');
    await haproxyRouter.remove(context, 'shop');
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({});
  });

  test('keeps the servers of another environment when a service goes that had the same backend', async () => {
    const port = await freePort();
    const { socket } = await startTheirs(port);
    const production = await openStand({ use: 'haproxy', socket, backends: { shop: 'be_shop' } });
    const staging = { ...production, environment: 'staging' };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(production, request);

    await haproxyRouter.setWeights(staging, { ...request, weights: {}, backends: {} });
    expect(await ask(port, 3)).toEqual({ v1: 3 });
    await haproxyRouter.remove(staging, 'shop');
    expect(await ask(port, 3)).toEqual({ v1: 3 });
    expect(await haproxyRouter.weights(production, 'shop')).toEqual({ v1: 100 });
  });

  test('that does not answer is said to be out of reach', async () => {
    const context = await openStand({ use: 'haproxy', socket: '/nowhere/admin.sock' });
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await expect(haproxyRouter.setWeights(context, request)).rejects.toMatchObject({
      code: 'haproxy-unreachable',
      retryable: true,
    });
  });
});
