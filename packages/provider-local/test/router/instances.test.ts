import type { ServerResponse } from 'node:http';
import { freePort } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import type { Backend } from '../../src/router/index.ts';
import { until } from '../until.ts';
import { call, keepAliveAgent, startBackend, startNamed, startRouter } from './parts.ts';

/** Instances that answer with `NAME NUMBER`. */
async function startInstances(name: string, count: number): Promise<Backend[]> {
  const started = Array.from({ length: count }, async (_, slot) => {
    const [backend] = await startNamed(`${name} ${slot}`);
    return { ...backend, slot };
  });
  return await Promise.all(started);
}

/** How often each answer came, over kept connections and new ones. */
async function askOften(port: number, requests: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  const agent = keepAliveAgent();
  let left = requests;
  const client = async (number: number) => {
    while (left-- > 0) {
      const { body } = await call(port, number % 4 ? { agent } : {});
      seen[body] = (seen[body] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => client(number)));
  return seen;
}

function share(seen: Record<string, number>, name: string): number {
  const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
  const own = Object.entries(seen).filter(([body]) => body.startsWith(`${name} `));
  return (100 * own.reduce((sum, [, count]) => sum + count, 0)) / total;
}

test('the split is within one point at each weight, and even among instances, while weights change', async () => {
  const router = startRouter();
  const backends = { old: await startInstances('old', 4), new: await startInstances('new', 3) };
  let { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { old: 100 } });
  let before = 0;
  for (const weight of [1, 5, 10, 25, 50]) {
    const weights = { old: 100 - weight, new: weight };
    ({ port } = await router.setRoute({ key: 's', port: 0, backends, weights }));
    const seen = await askOften(port, 2_000);
    expect(Math.abs(share(seen, 'new') - weight)).toBeLessThan(1);
    const each = [0, 1, 2].map((slot) => seen[`new ${slot}`] ?? 0);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    const counted = router.traffic('s').new?.requests ?? 0;
    expect(counted - before).toBe(each.reduce((sum, count) => sum + count, 0));
    before = counted;
  }
});

test('what one instance refuses another one of the revision answers, bodies included, and it counts as an error', async () => {
  const router = startRouter();
  const gone = { kind: 'http', slot: 1, host: '127.0.0.1', port: await freePort() } as const;
  const [well] = await startInstances('a', 1);
  const { port } = await router.setRoute({
    key: 's',
    port: 0,
    backends: { a: [well as Backend, gone] },
    weights: { a: 1 },
  });
  const answers = [];
  for (let i = 0; i < 20; i++) answers.push(await call(port, i % 2 ? {} : { method: 'POST', body: 'x' }));
  expect(answers.every(({ status, body }) => status === 200 && body === 'a 0')).toBe(true);
  const { errors, requests, open } = router.traffic('s').a ?? {};
  expect(errors).toBeGreaterThan(0);
  expect(requests).toBe(20 + (errors as number));
  expect(open).toBe(0);
});

test('an instance that refused is left alone for a moment, and gets requests again when it is back', async () => {
  const router = startRouter();
  const place = await freePort();
  const away = { kind: 'http', slot: 1, host: '127.0.0.1', port: place } as const;
  const [well] = await startInstances('a', 1);
  const { port } = await router.setRoute({
    key: 's',
    port: 0,
    backends: { a: [well as Backend, away] },
    weights: { a: 1 },
  });
  for (let i = 0; i < 50; i++) expect((await call(port)).body).toBe('a 0');
  expect(router.traffic('s').a?.errors).toBeLessThan(10);
  await startBackend((_, response) => response.end('back'), place);
  await until(async () => (await call(port)).body === 'back');
});

test('when every instance refuses, requests wait as for a single one', async () => {
  const router = startRouter({ holdMs: 20_000 });
  const ports = [await freePort(), await freePort()];
  const backends = { a: ports.map((port, slot) => ({ kind: 'http', slot, host: '127.0.0.1', port }) as const) };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 1 } });
  const waiting = call(port, { method: 'POST', body: 'x' });
  await until(() => router.traffic('s').a?.open === 1);
  await startBackend((_, response) => response.end('here'), ports[0]);
  expect((await waiting).body).toBe('here');
  expect(router.traffic('s').a?.open).toBe(0);
});

test('draining some instances waits for theirs alone', async () => {
  const router = startRouter();
  const held: ServerResponse[] = [];
  const slow = async (slot: number) => {
    const { backend } = await startBackend((_, response) => void held.push(response));
    return { ...backend, slot };
  };
  const backends = { a: [await slow(0), await slow(1)] };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 1 } });
  const first = call(port);
  await until(() => held.length === 1);
  expect(await router.drain('s', { revision: 'a', slots: [1], drainMs: 0 })).toEqual({ kind: 'drained' });
  expect(await router.drain('s', { revision: 'a', slots: [0], drainMs: 0 })).toEqual({ kind: 'timed-out', open: 1 });
  await router.setRoute({ key: 's', port, backends: { a: [backends.a[1] as Backend] }, weights: { a: 1 } });
  const draining = router.drain('s', { revision: 'a', slots: [0], drainMs: 60_000 });
  const second = call(port);
  await until(() => held.length === 2);
  held[0]?.end('finished where it began');
  expect(await draining).toEqual({ kind: 'drained' });
  expect((await first).body).toBe('finished where it began');
  expect(await router.drain('s', { revision: 'a', drainMs: 0 })).toEqual({ kind: 'timed-out', open: 1 });
  held[1]?.end();
  await second;
});

test('counts outlast the weight, the backends and the way back', async () => {
  const router = startRouter();
  const [old, fresh] = [await startInstances('old', 2), await startInstances('new', 2)];
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { old }, weights: { old: 100 } });
  for (let i = 0; i < 5; i++) await call(port);
  await router.setRoute({ key: 's', port, backends: { new: fresh }, weights: { new: 100 } });
  await call(port);
  expect(router.traffic('s')).toMatchObject({ old: { requests: 5 }, new: { requests: 1 } });
  await router.setRoute({ key: 's', port, backends: { old }, weights: { old: 100 } });
  await call(port);
  expect(router.traffic('s')).toMatchObject({ old: { requests: 6 }, new: { requests: 1 } });
});
