import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, Endpoint } from '@slipway/core/provider';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { haproxyRouter, load, openStand, requestFor, startInstance } from './stand.ts';

/** One that can die: what is open to it breaks off. */
async function startMortal(name: string, slot: number): Promise<{ endpoint: Endpoint; die(): void }> {
  const server = createServer((_, response) => void setTimeout(() => response.end(name), 5));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const die = () => {
    server.close();
    server.closeAllConnections();
  };
  return { endpoint: { slot, host: '127.0.0.1', port: (server.address() as AddressInfo).port }, die };
}

const total = async (context: CallContext) => {
  const { v1 } = await haproxyRouter.traffic(context, 'shop');
  return { requests: v1?.requests ?? 0, errors: v1?.errors ?? 0 };
};

describe.skipIf(!requirePart('haproxy'))('counts', () => {
  test('an instance that dies under load costs users nothing, so no errors are counted, and no request twice', async () => {
    const context = await openStand();
    const mortals = [await startMortal('v1', 0), await startMortal('v1', 1)];
    const request = await requestFor({ v1: mortals.map(({ endpoint }) => endpoint) }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const stop = load(request.port);
    await sleep(500);
    mortals[0]?.die();
    await sleep(1_500);
    const seen = await stop();
    expect(Object.keys(seen)).toEqual(['v1']);
    await waitUntil('all is counted', async () => {
      const { requests } = await total(context);
      return requests === seen.v1 || { requests, seen: seen.v1 };
    });
    expect(await total(context)).toEqual({ requests: seen.v1, errors: 0 });
    mortals[1]?.die();
  });

  test('what users got as an error because nobody was left is counted', async () => {
    const context = await openStand();
    const mortal = await startMortal('v1', 0);
    const request = await requestFor({ v1: [mortal.endpoint] }, { v1: 100 });
    Object.assign(request.health, { intervalMs: 60_000 });
    await haproxyRouter.setWeights(context, request);
    mortal.die();
    expect((await fetch(`http://127.0.0.1:${request.port}/`)).status).toBe(503);
    expect(await total(context)).toEqual({ requests: 1, errors: 1 });
  });

  test('what the worker of before a reload still serves is counted, also after it ended', async () => {
    const context = await openStand();
    const held: ServerResponse[] = [];
    const slow = await startInstance('v1', (_, response) => void held.push(response));
    const request = await requestFor({ v1: [slow] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const asked = Array.from({ length: 5 }, () => fetch(`http://127.0.0.1:${request.port}/`));
    await waitUntil('they are open', async () => {
      const { v1 } = await haproxyRouter.traffic(context, 'shop');
      return v1?.open === 5;
    });
    await haproxyRouter.setWeights(context, { ...request, service: 'cart', port: await freePort() });
    for (const response of held) response.end('v1');
    for (const answer of await Promise.all(asked)) expect(await answer.text()).toBe('v1');
    expect(await haproxyRouter.drain(context, { service: 'shop', revision: 'v1', drainMs: 20_000 })).toEqual({
      kind: 'drained',
    });
    await sleep(500);
    expect(await total(context)).toEqual({ requests: 5, errors: 0 });
  });

  test('a revision that the worker of before a reload leads nobody to is drained at once', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 100 });
    const routes = [{ revision: 'v2', port: await freePort() }];
    await haproxyRouter.setWeights(context, { ...request, routes });
    // Leaves an idle connection.
    expect(await (await fetch(`http://127.0.0.1:${request.port}/`)).text()).toBe('v1');
    await haproxyRouter.setWeights(context, { ...request, weights: { v2: 100 } });
    const drain = { service: 'shop', revision: 'v1', drainMs: 0 };
    expect(await haproxyRouter.drain(context, drain)).toEqual({ kind: 'drained' });
    expect(await (await fetch(`http://127.0.0.1:${request.port}/`)).text()).toBe('v2');
  });
});
