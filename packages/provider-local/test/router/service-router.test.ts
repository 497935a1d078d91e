import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../until.ts';
import { call, keepAliveAgent, startBackend, startNamed, startRouter } from './parts.ts';

test('drain resolves at the moment that the last request ends', async () => {
  const router = startRouter();
  const held: ServerResponse[] = [];
  const { backend } = await startBackend((_, response) => void held.push(response));
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  const answers = [call(port), call(port)];
  await until(() => held.length === 2);
  let drained: unknown;
  const draining = router.drain('s', { revision: 'a', drainMs: 60_000 }).then((outcome) => {
    drained = outcome;
  });
  held[0]?.end('one');
  await answers[0];
  await until(() => router.traffic('s').a?.open === 1);
  expect(drained).toBeUndefined();
  held[1]?.end('two');
  await draining;
  expect(drained).toEqual({ kind: 'drained' });
  expect(await router.drain('s', { revision: 'a', drainMs: 0 })).toEqual({ kind: 'drained' });
  expect(await router.drain('s', { revision: 'unknown', drainMs: 0 })).toEqual({ kind: 'drained' });
  expect(await router.drain('unknown', { revision: 'a', drainMs: 0 })).toEqual({ kind: 'drained' });
});

test('drain says what is still open when its time is over, and stops at an abort', async () => {
  const router = startRouter();
  const held: ServerResponse[] = [];
  const { backend } = await startBackend((_, response) => void held.push(response));
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  const answer = call(port);
  await until(() => held.length === 1);
  expect(await router.drain('s', { revision: 'a', drainMs: 20 })).toEqual({ kind: 'timed-out', open: 1 });
  const abort = new AbortController();
  const draining = router.drain('s', { revision: 'a', drainMs: 60_000 }, abort.signal);
  abort.abort(new Error('enough'));
  await expect(draining).rejects.toThrow('enough');
  held[0]?.end();
  await answer;
});

test('traffic: requests, statuses of 500 and up as errors, and latencies', async () => {
  const router = startRouter();
  const { backend } = await startBackend((incoming, response) => {
    const [, status, ms] = (incoming.url ?? '').split('/');
    setTimeout(() => response.writeHead(Number(status)).end(), Number(ms));
  });
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  expect(router.traffic('s').a).toMatchObject({
    requests: 0,
    errors: 0,
    open: 0,
    latency: { p50: null, p95: null, p99: null },
  });
  for (const path of [...Array(7).fill('/200/0'), '/404/0', '/500/0', '/503/80']) await call(port, { path });
  const { a } = router.traffic('s');
  expect(a).toMatchObject({ requests: 10, errors: 2, open: 0 });
  const { p50, p95, p99 } = a?.latency ?? {};
  expect(p50).toBeGreaterThan(0);
  expect(p95).toBeGreaterThanOrEqual(79);
  expect(p99).toBe(p95);
  expect(p50).toBeLessThan(p95 as number);
  expect(router.traffic('unknown')).toEqual({});
  expect(router.weights('unknown')).toEqual({});
});

test('counts survive a change of weights', async () => {
  const router = startRouter();
  const backends = { a: await startNamed('a'), b: await startNamed('b') };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 1 } });
  await call(port);
  await router.setRoute({ key: 's', port, backends, weights: { a: 1, b: 1 } });
  await call(port);
  await call(port);
  expect(router.traffic('s')).toMatchObject({ a: { requests: 2 }, b: { requests: 1 } });
});

test('a taken port is refused by name, and the route stays what it was', async () => {
  const router = startRouter();
  const other = await startBackend((_, response) => response.end('other'));
  const a = await startNamed('a');
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a }, weights: { a: 1 } });
  const moved = { key: 's', port: other.port, backends: { a, b: await startNamed('b') }, weights: { b: 1 } };
  await expect(router.setRoute(moved)).rejects.toMatchObject({
    code: 'port-in-use',
    subject: 's',
    message: expect.stringContaining(String(other.port)),
    hint: expect.stringContaining(`:${other.port}`),
  });
  expect(router.weights('s')).toEqual({ a: 1 });
  expect((await call(port)).body).toBe('a');
  await expect(router.setRoute({ ...moved, key: 't', port })).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining('already taken by s'),
  });
});

test('another port moves the route: the new one answers, the old one is free, what is in flight is finished', async () => {
  const router = startRouter();
  let finish = () => {};
  const { backend } = await startBackend((incoming, response) => {
    if (incoming.url === '/slow') finish = () => response.end('slow');
    else response.end('quick');
  });
  const route = { key: 's', backends: { a: [backend] }, weights: { a: 1 } };
  const port = await freePort();
  await router.setRoute({ ...route, port });
  expect(await router.setRoute({ ...route, port: 0 })).toEqual({ port });
  const agent = keepAliveAgent();
  const slow = call(port, { path: '/slow', agent });
  await until(() => router.traffic('s').a?.open === 1);
  const moved = await router.setRoute({ ...route, port: await freePort() });
  expect((await call(moved.port)).body).toBe('quick');
  await expect(call(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  finish();
  expect((await slow).body).toBe('slow');
  expect((await startBackend((_, response) => response.end(), port)).port).toBe(port);
});

test('weights that make no sense are refused before anything changes', async () => {
  const router = startRouter();
  const a = await startNamed('a');
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a }, weights: { a: 1 } });
  for (const weights of [{ a: -1 }, { a: Number.NaN }, { nobody: 1 }] as Record<string, number>[]) {
    await expect(router.setRoute({ key: 's', port, backends: { a }, weights })).rejects.toMatchObject({
      code: 'route-invalid',
    });
  }
  expect((await call(port)).body).toBe('a');
});

test('changes of one route happen in the order that they were asked for', async () => {
  const router = startRouter();
  const backends = { a: await startNamed('a'), b: await startNamed('b') };
  const ports = [await freePort(), await freePort()];
  await Promise.all([
    router.setRoute({ key: 's', port: ports[0] as number, backends, weights: { a: 1 } }),
    router.setRoute({ key: 's', port: ports[1] as number, backends, weights: { a: 1 } }),
    router.setRoute({ key: 's', port: ports[1] as number, backends, weights: { b: 1 } }),
  ]);
  expect((await call(ports[1] as number)).body).toBe('b');
  await expect(call(ports[0] as number)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a removed route frees its port at once and finishes what is in flight', async () => {
  const router = startRouter();
  let finish = () => {};
  const { backend } = await startBackend((_, response) => {
    response.write('be');
    finish = () => response.end('gun');
  });
  const port = await freePort();
  await router.setRoute({ key: 's', port, backends: { a: [backend] }, weights: { a: 1 } });
  const outgoing = request({ host: '127.0.0.1', port, agent: false }).end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  await router.removeRoute('s');
  await router.removeRoute('s');
  expect(router.weights('s')).toEqual({});
  await router.setRoute({ key: 't', port, backends: { b: await startNamed('b') }, weights: { b: 1 } });
  expect((await call(port)).body).toBe('b');
  finish();
  expect(await text(answer)).toBe('begun');
});

test('close cuts off what is open: requests, tunnels, idle clients', async () => {
  const router = startRouter();
  const { backend, server } = await startBackend((incoming, response) => {
    if (incoming.url === '/quick') response.end();
  });
  new WebSocketServer({ server });
  const port = await freePort();
  await router.setRoute({ key: 's', port, backends: { a: [backend] }, weights: { a: 1 } });
  await call(port, { path: '/quick', agent: keepAliveAgent() });
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  const hanging = call(port).catch((error: NodeJS.ErrnoException) => error.code);
  await until(() => router.traffic('s').a?.open === 2);
  await router.close();
  expect(await hanging).toBe('ECONNRESET');
  if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
  await expect(call(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
