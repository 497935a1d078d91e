import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { freePort } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';

/** Loads until it is over; says how many were answered, and what wrk found wrong. */
async function wrk(
  port: number,
  seconds: number,
  ...headers: string[]
): Promise<{ answered: number; wrong: string[] }> {
  const named = headers.flatMap((header) => ['-H', header]);
  const args = ['-t1', '-c8', `-d${seconds}s`, '--timeout', '10s', ...named, `http://127.0.0.1:${port}/`];
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const wrong = said.split('\n').filter((line) => /Socket errors|Non-2xx/.test(line));
  return { answered: Number(/(\d+) requests in/.exec(said)?.[1] ?? 0), wrong };
}

describe.skipIf(!requirePart('haproxy') || !requirePart('wrk'))('under load, of kept connections and new ones', () => {
  test('services that come, weights, replaced servers and services that go cost no request', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const route = { ...request, service: 'routed', port: await freePort() };
    await haproxyRouter.setWeights(context, request);
    await haproxyRouter.setWeights(context, route);
    const loads = [wrk(request.port, 12), wrk(request.port, 12, 'Connection: close'), wrk(route.port, 12)];
    for (const service of ['cart', 'search'])
      await haproxyRouter.setWeights(context, { ...request, service, port: await freePort() });
    const backends = { ...request.backends, v2: [await startInstance('v2')], v3: [await startInstance('v3')] };
    for (const weights of [{ v1: 90, v2: 10 }, { v1: 50, v2: 50 }, { v2: 100 }, { v2: 50, v3: 50 }, { v3: 100 }])
      await haproxyRouter.setWeights(context, { ...request, backends, weights });
    // A reload and a switch in one.
    const routes = [{ revision: 'v2', header: 'x-preview', value: '1' }];
    await haproxyRouter.setWeights(context, { ...route, backends, routes, weights: { v2: 100 } });
    for (const service of ['cart', 'search']) await haproxyRouter.remove(context, service);
    for (const { answered, wrong } of await Promise.all(loads)) {
      expect(wrong).toEqual([]);
      expect(answered).toBeGreaterThan(0);
    }
  });
});
