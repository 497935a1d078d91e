import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../until.ts';
import { call, keepAliveAgent, startBackend, startNamed, startRouter } from './parts.ts';

test('splits requests by weight, within one point', async () => {
  const router = startRouter();
  const backends = { a: await startNamed('a'), b: await startNamed('b'), c: await startNamed('c') };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 70, b: 25, c: 5 } });
  const seen: Record<string, number> = { a: 0, b: 0, c: 0 };
  const agent = keepAliveAgent();
  const client = async () => {
    for (let i = 0; i < 100; i++) {
      const { body } = await call(port, { agent });
      seen[body] = (seen[body] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, client));
  expect(seen).toEqual({ a: 700, b: 250, c: 50 });
  expect(router.weights('s')).toEqual({ a: 70, b: 25, c: 5 });
});

test('a switch under load fails nothing, and what comes after it sees only the new revision', async () => {
  const router = startRouter();
  const names = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'];
  const backends = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await startNamed(name)])));
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { r0: 100 } });
  const agent = keepAliveAgent();
  let settled = 0;
  let answered = 0;
  const wrong: string[] = [];
  const client = async (number: number) => {
    for (let i = 0; i < 250; i++) {
      const oldest = settled;
      // Half the clients keep their connection, a third of the others send a body.
      const { status, body } = await call(port, {
        ...(number % 2 === 0 ? { agent } : {}),
        ...(number % 3 === 0 ? { method: 'POST', body: 'x' } : {}),
      });
      answered++;
      if (status !== 200 || Number(body.slice(1)) < oldest) wrong.push(`${status} ${body} after r${oldest}`);
    }
  };
  const clients = Promise.all(Array.from({ length: 12 }, (_, number) => client(number)));
  for (let next = 1; next < names.length; next++) {
    await until(() => answered >= next * 450);
    await router.setRoute({ key: 's', port, backends, weights: { [`r${next}`]: 100 } });
    settled = next;
  }
  await clients;
  expect(wrong).toEqual([]);
  expect(answered).toBe(3000);
  const traffic = Object.values(router.traffic('s'));
  expect(traffic.reduce((sum, { requests }) => sum + requests, 0)).toBe(3000);
  expect(traffic.every(({ errors, requests }) => errors === 0 && requests > 0)).toBe(true);
});

test('a slow request is finished where it began, by a revision that has no place any more', async () => {
  const router = startRouter();
  let finish = () => {};
  const old = await startBackend((_, response) => {
    response.write('old, ');
    finish = () => response.end('to the end');
  });
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { old: [old.backend] }, weights: { old: 1 } });
  const slow = request({ port, host: '127.0.0.1', agent: false }).end();
  const [answer] = (await once(slow, 'response')) as [IncomingMessage];
  await router.setRoute({ key: 's', port, backends: { new: await startNamed('new') }, weights: { new: 1 } });
  expect((await call(port)).body).toBe('new');
  expect(router.traffic('s').old).toMatchObject({ requests: 1, open: 1 });
  finish();
  expect(await text(answer)).toBe('old, to the end');
  await until(() => router.traffic('s').old?.open === 0);
  expect(router.traffic('s').old).toMatchObject({ requests: 1, errors: 0 });
});

async function startEcho(name: string) {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  });
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => socket.send(`${name}: ${data.toString()}`)),
  );
  return [{ kind: 'http', slot: 0, host: '127.0.0.1', port: (sockets.address() as AddressInfo).port }] as const;
}

async function ask(socket: WebSocket, question: string): Promise<string> {
  socket.send(question);
  const [data] = await once(socket, 'message');
  return String(data);
}

test('a WebSocket stays with its revision through a switch; the next one goes to the new', async () => {
  const router = startRouter();
  const backends = { a: await startEcho('a'), b: await startEcho('b') };
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { a: 1 } });
  const first = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  await once(first, 'open');
  expect(await ask(first, 'hello')).toBe('a: hello');
  await router.setRoute({ key: 's', port, backends: { b: backends.b }, weights: { b: 1 } });
  expect(await ask(first, 'still there?')).toBe('a: still there?');
  const large = 'x'.repeat(1_000_000);
  expect(await ask(first, large)).toBe(`a: ${large}`);
  const second = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  await once(second, 'open');
  expect(await ask(second, 'hello')).toBe('b: hello');
  expect(router.traffic('s')).toMatchObject({ a: { open: 1, errors: 0 }, b: { open: 1, errors: 0 } });
  first.close();
  await once(first, 'close');
  await until(() => router.traffic('s').a?.open === 0);
  second.terminate();
  await until(() => router.traffic('s').b?.open === 0);
});

test('an upgrade that the backend declines is answered like any request', async () => {
  const router = startRouter();
  const { backend } = await startBackend((_, response) => response.writeHead(426, { Upgrade: 'later' }).end('not yet'));
  const { port } = await router.setRoute({ key: 's', port: 0, backends: { a: [backend] }, weights: { a: 1 } });
  const answer = await call(port, { headers: { Connection: 'Upgrade', Upgrade: 'anything/1' } });
  expect(answer).toMatchObject({ status: 426, body: 'not yet' });
  await until(() => router.traffic('s').a?.open === 0);
});
