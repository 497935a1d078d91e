import { networkInterfaces } from 'node:os';
import { freePort } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask, haproxyRouter, openStand, processesOf, requestFor, startInstance } from './stand.ts';

describe.skipIf(!requirePart('haproxy'))('side by side', () => {
  test('services that are deployed at once are all served, and keep their weights', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const requests = await Promise.all(
      ['shop', 'cart', 'search'].map(async (service) => ({
        ...(await requestFor(backends, { v1: 100 })),
        service,
        port: await freePort(),
      })),
    );
    await Promise.all(requests.map((request) => haproxyRouter.setWeights(context, request)));
    for (const { port } of requests) expect(await ask(port, 4)).toEqual({ v1: 4 });
    await Promise.all(
      requests.map((request) => haproxyRouter.setWeights(context, { ...request, weights: { v1: 50, v2: 50 } })),
    );
    for (const { port, service } of requests) {
      expect(await ask(port, 4)).toEqual({ v1: 2, v2: 2 });
      expect(await haproxyRouter.weights(context, service)).toEqual({ v1: 50, v2: 50 });
    }
    await Promise.all(requests.map(({ service }) => haproxyRouter.remove(context, service)));
    for (const request of requests) expect(await haproxyRouter.checkPort?.(context, request)).toEqual({ kind: 'free' });
  });

  test('two projects, and two environments of one, have a HAProxy each', async () => {
    const here = await openStand();
    const there = await openStand();
    const staging = { ...here, environment: 'staging' };
    const contexts = [here, there, staging];
    const ports: number[] = [];
    for (const [at, context] of contexts.entries()) {
      const request = await requestFor({ v1: [await startInstance(`in ${at}`)] }, { v1: 100 });
      ports.push(request.port);
      await haproxyRouter.setWeights(context, request);
    }
    for (const [at, port] of ports.entries()) expect(await ask(port, 3)).toEqual({ [`in ${at}`]: 3 });
    await haproxyRouter.remove(staging, 'shop');
    const look = async (port: number) => haproxyRouter.checkPort?.(here, { service: 'shop', port });
    const holder = `shop of the environment test in ${there.directory} (HAProxy, process ${processesOf(there).workers[0]})`;
    expect(await Promise.all(ports.map(look))).toEqual([{ kind: 'own' }, { kind: 'taken', holder }, { kind: 'free' }]);
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const refused = haproxyRouter.setWeights(here, { ...request, service: 'cart', port: ports[1] ?? 0 });
    await expect(refused).rejects.toMatchObject({
      code: 'haproxy-port-taken',
      message: `${holder} listens on 127.0.0.1:${ports[1]}.`,
    });
    expect([await ask(ports[0] ?? 0, 2), await ask(ports[1] ?? 0, 2)]).toEqual([{ 'in 0': 2 }, { 'in 1': 2 }]);
  });

  test('several addresses are listened on, and the first is told', async () => {
    const bridge = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
    const addresses = ['127.0.0.1', '127.0.0.9', ...(bridge === undefined ? [] : [bridge])];
    const context = await openStand({ use: 'haproxy', bind: addresses });
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const { url } = await haproxyRouter.setWeights(context, request);
    expect(url).toBe(`http://127.0.0.1:${request.port}`);
    for (const address of addresses)
      expect(await (await fetch(`http://${address}:${request.port}/`)).text()).toBe('v1');
  });

  test('revisions and services of any name have their own traffic and counts', async () => {
    const context = await openStand();
    const names = ['v1.2.3+build_7', 'größe-日本', `long-${'x'.repeat(60)}`];
    const backends: Record<string, Awaited<ReturnType<typeof startInstance>>[]> = {};
    for (const [at, name] of names.entries()) backends[name] = [await startInstance(String(at))];
    const weights = Object.fromEntries(names.map((name, at) => [name, [98, 1, 1][at] ?? 0]));
    const request = { ...(await requestFor(backends, weights)), service: 'Shop_2-a' };
    await haproxyRouter.setWeights(context, request);
    expect(await ask(request.port, 100)).toEqual({ 0: 98, 1: 1, 2: 1 });
    expect(await haproxyRouter.weights(context, request.service)).toEqual(weights);
    const traffic = await haproxyRouter.traffic(context, request.service);
    for (const name of names) {
      expect(traffic[name]).toMatchObject({ requests: weights[name], errors: 0 });
      expect(traffic[name]?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(weights[name]);
    }
  });

  test.each([
    [
      { v1: 99, v2: 1 },
      { v1: 3, v2: 1 },
    ],
    [
      { v1: 1, v2: 99 },
      { v1: 3, v2: 1 },
    ],
  ])('%j over %j instances is what users get', async (weights, instances) => {
    const context = await openStand();
    const backends: Record<string, Awaited<ReturnType<typeof startInstance>>[]> = {};
    for (const [name, count] of Object.entries(instances))
      backends[name] = await Promise.all(
        Array.from({ length: count }, async (_, slot) => ({ ...(await startInstance(name)), slot })),
      );
    const request = await requestFor(backends, weights);
    await haproxyRouter.setWeights(context, request);
    const seen = await ask(request.port, 1000);
    for (const [name, share] of Object.entries(weights))
      expect(Math.abs((seen[name] ?? 0) - share * 10)).toBeLessThanOrEqual(10);
  });

  test('a share that becomes too small for all instances is taken from those that get none of it', async () => {
    const context = await openStand();
    const one = await startInstance('v2');
    const ten = Array.from({ length: 10 }, (_, slot) => ({ ...one, slot }));
    const request = await requestFor({ v1: [await startInstance('v1')], v2: ten }, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const weights = { v1: 99, v2: 1 };
    await haproxyRouter.setWeights(context, { ...request, weights });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual(weights);
    const { v1 = 0 } = await ask(request.port, 200);
    expect(Math.abs(v1 / 2 - 99)).toBeLessThanOrEqual(1);
  });
});
