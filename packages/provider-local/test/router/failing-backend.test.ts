import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { freePort } from '@slipway/provider-testkit';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../until.ts';
import { call, keepAliveAgent, startBackend, startNamed, startRouter, stopServer } from './parts.ts';

test('a backend that drops its connection after every third request fails none, with and without a body', async () => {
  const served = new WeakMap<object, number>();
  let received = 0;
  const { backend } = await startBackend((incoming, response) => {
    received++;
    const count = (served.get(incoming.socket) ?? 0) + 1;
    served.set(incoming.socket, count);
    // Without a word: the router's pool takes the connection for a good one until it uses it.
    if (count % 3 === 0) response.on('finish', () => setImmediate(() => incoming.socket.resetAndDestroy()));
    void text(incoming).then((body) => response.end(body || 'empty'));
  });
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  const agent = keepAliveAgent();
  const client = async (number: number) => {
    for (let i = 0; i < 200; i++) {
      const answer = await call(port, number % 2 ? { agent } : { agent, method: 'POST', body: `${number}-${i}` });
      expect(answer).toMatchObject({ status: 200, body: number % 2 ? 'empty' : `${number}-${i}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => client(number)));
  expect(received).toBe(1600);
  expect(router.traffic('s').a).toMatchObject({ requests: 1600, errors: 0 });
});

/** Accepts, reads a request, and resets the connection from the second request on it. */
async function startOneShot(answers: string[]) {
  const requests: string[] = [];
  const server = createTcpServer((socket) => {
    let first = true;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      requests.push(String(data).split(' ', 1)[0] as string);
      if (first) socket.write(answers[0] as string);
      else socket.resetAndDestroy();
      first = false;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    requests,
    backend: { kind: 'http', slot: 0, host: '127.0.0.1', port: (server.address() as AddressInfo).port } as const,
  };
}

test('a request is repeated once, on a new connection, when a kept one breaks under it; a POST is never repeated', async () => {
  const { requests, backend } = await startOneShot(['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok']);
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  expect((await call(port)).body).toBe('ok');
  expect((await call(port)).body).toBe('ok');
  expect(requests).toEqual(['GET', 'GET', 'GET']);
  expect((await call(port, { method: 'POST', body: 'x' })).body).toBe('ok');
  expect(requests.slice(3)).toEqual(['POST']);
  expect(router.traffic('s').a).toMatchObject({ requests: 3, errors: 0, open: 0 });
});

test('a backend that breaks off before its first answer gives 502 that names service and revision', async () => {
  const { backend } = await startBackend((incoming) => incoming.socket.destroy());
  const router = startRouter();
  const { port } = await router.setRoute({ key: 'dev/shop', port: 0, backends: { r7: [backend] }, weights: { r7: 1 } });
  const answer = await call(port);
  expect(answer.status).toBe(502);
  expect(answer.body).toContain('dev/shop');
  expect(answer.body).toContain('r7');
  await until(() => router.traffic('dev/shop').r7?.open === 0);
  expect(router.traffic('dev/shop').r7).toMatchObject({ requests: 1, errors: 1 });
});

test('half a response is cut off, so that the client sees it', async () => {
  const { backend } = await startBackend((incoming, response) => {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('half', () => incoming.socket.destroy());
  });
  const router = startRouter();
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  await expect(call(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  await until(() => router.traffic('s').a?.open === 0);
  expect(router.traffic('s').a).toMatchObject({ requests: 1, errors: 1 });
});

test('requests wait for a backend that is being restarted, bodies included', async () => {
  const port = await freePort();
  const router = startRouter({ holdMs: 20_000 });
  const route = await router.setRoute({
    key: 's',
    port: 0,
    backends: { a: [{ kind: 'http', slot: 0, host: '127.0.0.1', port }] },
    weights: { a: 1 },
  });
  const waiting = [call(route.port), call(route.port, { method: 'POST', body: 'kept' })];
  await until(() => router.traffic('s').a?.open === 2);
  await startBackend((incoming, response) => void text(incoming).then((body) => response.end(`back ${body}`)), port);
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(['back ', 'back kept']);
  expect(router.traffic('s').a).toMatchObject({ requests: 2, errors: 0 });
});

test('requests that wait for a refusing revision follow a switch', async () => {
  const router = startRouter({ holdMs: 20_000 });
  const gone = { kind: 'http', slot: 0, host: '127.0.0.1', port: await freePort() } as const;
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { old: [gone] }, weights: { old: 1 } });
  const waiting = call(port);
  await until(() => router.traffic('s').old?.open === 1);
  await router.setRoute({
    key: 's',
    port,
    backends: { old: [gone], new: await startNamed('new') },
    weights: { new: 1 },
  });
  expect((await waiting).body).toBe('new');
  expect(router.traffic('s')).toMatchObject({
    old: { requests: 1, errors: 1, open: 0 },
    new: { requests: 1, errors: 0 },
  });
});

test('a backend that keeps refusing gives 502 when the time is over', async () => {
  const router = startRouter({ holdMs: 60 });
  const gone = { kind: 'http', slot: 0, host: '127.0.0.1', port: await freePort() } as const;
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [gone] }, weights: { a: 1 } });
  const answer = await call(port);
  expect(answer).toMatchObject({ status: 502, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  expect(answer.body).toContain('ECONNREFUSED');
  expect((await call(port, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })).status).toBe(502);
  expect(router.traffic('s').a).toMatchObject({ requests: 2, errors: 2, open: 0 });
});

test('no weight, no revision: 503 with Retry-After', async () => {
  const router = startRouter();
  const backends = { a: await startNamed('a') };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 0 } });
  expect(await call(port)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(await call(port, { method: 'POST', body: 'x' })).toMatchObject({ status: 503 });
  expect(router.traffic('s').a).toMatchObject({ requests: 0, errors: 0 });
});

test('a restarted backend on another port keeps its counts, and its old connections are let go', async () => {
  const first = createServer((_, response) => response.end('first')).listen(0, '127.0.0.1');
  await once(first, 'listening');
  const router = startRouter();
  const at = (port: number) => ({ kind: 'http', slot: 0, host: '127.0.0.1', port }) as const;
  const old = at((first.address() as AddressInfo).port);
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [old] }, weights: { a: 1 } });
  await call(port);
  const second = await startBackend((_: IncomingMessage, response) => response.end('second'));
  await router.setRoute({ key: 's', port, backends: { a: [second.backend] }, weights: { a: 1 } });
  expect((await call(port)).body).toBe('second');
  expect(router.traffic('s').a?.requests).toBe(2);
  // Without a connection left, the server closes by itself.
  await new Promise((resolve) => first.close(resolve));
  await stopServer(second.server);
});
