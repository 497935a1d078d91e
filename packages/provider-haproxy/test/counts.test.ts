import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, Endpoint } from '@slipway/core/provider';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask, haproxyRouter, load, openStand, requestFor, startInstance } from './stand.ts';

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

/** Sends one POST, which is never repeated; anything but 200 is `failed`. */
function post(port: number, agent: Agent | false, path = '/'): Promise<'v1' | 'v2' | 'failed'> {
  return new Promise((resolve) => {
    const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', path, agent }, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => {
        body += part.toString();
      });
      response.once('end', () => resolve(response.statusCode === 200 ? (body as 'v1' | 'v2') : 'failed'));
    });
    sent.once('error', () => resolve('failed'));
    sent.end();
  });
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

  test('errors go to the revision that made them, whatever another one had tried again before', async () => {
    const context = await openStand();
    let asked = 0;
    const drops = (method: 'GET' | 'POST', name: string) =>
      startInstance(name, (incoming, response) => {
        if (incoming.method === method && ++asked % 2 === 1) incoming.socket.destroy();
        else response.end(name);
      });
    const [v1, v2] = [await drops('GET', 'v1'), await drops('POST', 'v2')];
    const request = await requestFor({ v1: [v1] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    expect(await ask(request.port, 200)).toEqual({ v1: 200 });
    const backends = { v1: [v1], v2: [v2] };
    await haproxyRouter.setWeights(context, { ...request, backends, weights: { v1: 50, v2: 50 } });
    const seen = { v1: 0, v2: 0, failed: 0 };
    // Users of new connections get 502; one that is kept is closed instead.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let time = 0; time < 100; time++) seen[await post(request.port, time % 3 === 0 ? false : agent)]++;
    agent.destroy();
    expect(seen.failed).toBeGreaterThan(10);
    const wanted = { v1: [200 + seen.v1, 0], v2: [seen.v2 + seen.failed, seen.failed] };
    await waitUntil('all is counted', async () => {
      const { v1: one, v2: two } = await haproxyRouter.traffic(context, 'shop');
      const counted = { v1: [one?.requests, one?.errors], v2: [two?.requests, two?.errors] };
      return JSON.stringify(counted) === JSON.stringify(wanted) || { counted, wanted };
    });
  });

  test('nothing that was counted is taken back, whoever fails next', async () => {
    const context = await openStand();
    const drops = (name: string) =>
      startInstance(name, (incoming, response) => {
        if (incoming.url === `/${name}`) incoming.socket.destroy();
        else response.end(name);
      });
    const backends = { v1: [await drops('v1')], v2: [await drops('v2')] };
    const request = await requestFor(backends, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const look = async () => {
      const { v1, v2 } = await haproxyRouter.traffic(context, 'shop');
      return { v1: v1?.errors ?? 0, v2: v2?.errors ?? 0 };
    };
    const failAt = async (name: string, times: number) => {
      for (let failed = 0; failed < times; ) if ((await post(request.port, false, `/${name}`)) === 'failed') failed++;
    };
    await failAt('v2', 5);
    await waitUntil('they are counted', async () => (await look()).v2 === 5 || look());
    // What v1 drops of these is tried again, with success.
    for (let time = 0; time < 40; time++) expect((await fetch(`http://127.0.0.1:${request.port}/v1`)).status).toBe(200);
    expect(await look()).toEqual({ v1: 0, v2: 5 });
    await failAt('v1', 3);
    await waitUntil('they are counted', async () => (await look()).v1 === 3 || look());
    expect(await look()).toEqual({ v1: 3, v2: 5 });
  });

  test('requests that hang are told, and no answer of 400 is taken for a user who left', async () => {
    const context = await openStand();
    const v1 = await startInstance('v1', (incoming, response) => {
      if (incoming.url !== '/hang') setTimeout(() => response.writeHead(400).end('v1'), 700);
    });
    const request = await requestFor({ v1: [v1] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const url = `http://127.0.0.1:${request.port}`;
    expect((await fetch(url)).status).toBe(400);
    const users = new AbortController();
    const asks = [{}, {}, { method: 'POST', body: 'small' }];
    const hanging = asks.map((ask) => fetch(`${url}/hang`, { ...ask, signal: users.signal }).catch(() => {}));
    // Its user never gets as far as waiting.
    const headers = { 'content-length': 50_000 };
    const upload = httpRequest(`${url}/hang`, { method: 'POST', agent: false, headers, signal: users.signal });
    upload.on('error', () => {});
    upload.write('some of it');
    const look = async () => (await haproxyRouter.traffic(context, 'shop')).v1;
    await waitUntil('they wait', async () => (await look())?.waiting === 4 || look());
    expect(await look()).toMatchObject({ requests: 1, errors: 0, open: 4 });
    await sleep(600);
    users.abort();
    await Promise.all(hanging);
    await waitUntil('they have given up', async () => {
      const { errors, open, waiting } = (await look()) ?? {};
      return (errors === 3 && open === 0 && waiting === 0) || { errors, open, waiting };
    });
    expect(await look()).toMatchObject({ requests: 4, errors: 3 });
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
