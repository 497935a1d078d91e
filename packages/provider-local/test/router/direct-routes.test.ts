import { once } from 'node:events';
import { freePort } from '@slipway/provider-testkit';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Backend } from '../../src/router/index.ts';
import { call, startBackend, startNamed, startRouter } from './parts.ts';

async function twoEach(): Promise<Record<'a' | 'b', Backend[]>> {
  const named = async (name: string, slot: number) => ({ ...(await startNamed(`${name}${slot}`))[0], slot });
  return {
    a: [await named('a', 0), await named('a', 1)],
    b: [await named('b', 0), await named('b', 1)],
  };
}

const cookieOf = (answer: { headers: { 'set-cookie'?: string[] | undefined } }) =>
  answer.headers['set-cookie']?.[0] ?? '';

test('routes are tried in order, before the weights, and use all instances', async () => {
  const router = startRouter();
  const backends = await twoEach();
  const routes = [
    { revision: 'b', header: 'X-Canary', value: 'yes' },
    { revision: 'a', cookie: 'beta', value: 'off' },
  ];
  const { port } = await router.setRoute({ key: 's', port: 0, backends, weights: { b: 100 }, routes });
  const ask = async (headers: Record<string, string>) => (await call(port, { headers })).body;
  expect(await ask({ cookie: 'x=1; beta=off' })).toMatch(/^a/);
  expect(await ask({ cookie: 'beta=off', 'x-canary': 'yes' })).toMatch(/^b/);
  expect(await ask({ cookie: 'beta=offside' })).toMatch(/^b/);
  expect(new Set([await ask({ 'x-canary': 'yes' }), await ask({ 'x-canary': 'yes' })])).toEqual(new Set(['b0', 'b1']));
  expect(router.traffic('s').a?.requests).toBe(1);
});

test('a preview port is opened and closed with its route, follows it, and leaves all as it was when it can not be had', async () => {
  const router = startRouter();
  const backends = await twoEach();
  const preview = await freePort();
  const route = { key: 's', port: 0, backends, weights: { a: 100 } };
  const { port } = await router.setRoute({ ...route, routes: [{ revision: 'b', port: preview }] });
  expect((await call(preview)).body).toMatch(/^b/);
  expect((await call(port)).body).toMatch(/^a/);
  await router.setRoute({ ...route, routes: [{ revision: 'a', port: preview }] });
  expect((await call(preview)).body).toMatch(/^a/);

  const other = await startBackend((_, response) => response.end('other'));
  const free = await freePort();
  const refused = router.setRoute({
    ...route,
    weights: { b: 100 },
    routes: [
      { revision: 'b', port: free },
      { revision: 'b', port: other.port },
    ],
  });
  await expect(refused).rejects.toMatchObject({ code: 'port-in-use' });
  expect((await call(port)).body).toMatch(/^a/);
  expect((await call(preview)).body).toMatch(/^a/);
  await expect(call(free)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await router.setRoute(route);
  await expect(call(preview)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('routes and cookies that make no sense are refused before anything changes', async () => {
  const router = startRouter();
  const backends = await twoEach();
  const route = { key: 's', port: 0, backends, weights: { a: 100 } };
  const { port } = await router.setRoute(route);
  for (const change of [
    { routes: [{ revision: 'nobody', header: 'x', value: 'y' }] },
    { routes: [{ revision: 'a', header: 'not a name', value: 'y' }] },
    { routes: [{ revision: 'a', cookie: 'a=b', value: 'y' }] },
    { affinity: { cookie: 'a;b' } },
  ]) {
    await expect(router.setRoute({ ...route, ...change })).rejects.toMatchObject({ code: 'route-invalid' });
  }
  expect((await call(port)).body).toMatch(/^a/);
});

test('a user stays with the instance that answered first, while it takes part and its revision has weight', async () => {
  const router = startRouter();
  const backends = await twoEach();
  const affinity = { cookie: 'stay' };
  const route = { key: 's', port: 0, backends, affinity };
  const { port } = await router.setRoute({ ...route, weights: { a: 50, b: 50 } });
  const first = await call(port);
  expect(cookieOf(first)).toMatch(/^stay=\w+; Path=\/; HttpOnly; SameSite=Lax$/);
  const cookie = cookieOf(first).split(';')[0] as string;
  expect(cookie).not.toContain(first.body);
  for (let i = 0; i < 8; i++) {
    const again = await call(port, { headers: { cookie } });
    expect(again.body).toBe(first.body);
    expect(cookieOf(again)).toBe('');
  }
  // Those who stay don't use up the others' turns: new users are still split as the weights say.
  const fresh = [];
  for (let i = 0; i < 20; i++) fresh.push((await call(port)).body);
  expect(fresh.filter((body) => body.startsWith('a'))).toHaveLength(10);

  const [revision, slot] = first.body.split('') as ['a' | 'b', string];
  const rest = { ...backends, [revision]: backends[revision].filter((one) => one.slot !== Number(slot)) };
  await router.setRoute({ ...route, backends: rest, weights: { a: 50, b: 50 } });
  const moved = await call(port, { headers: { cookie } });
  expect(moved.body).not.toBe(first.body);
  expect(cookieOf(moved)).toMatch(/^stay=/);

  const other = revision === 'a' ? 'b' : 'a';
  await router.setRoute({ ...route, weights: { [other]: 100 } });
  expect((await call(port, { headers: { cookie } })).body).toMatch(new RegExp(`^${other}`));
});

test('whom a header sends to a revision is given no cookie of it, and no other cookie is touched', async () => {
  const router = startRouter();
  const { backend } = await startBackend((_, response) => response.writeHead(200, { 'Set-Cookie': 'own=1' }).end());
  const routes = [{ revision: 'a', header: 'x-canary', value: 'yes' }];
  const route = { key: 's', port: 0, backends: { a: [backend] }, weights: { a: 100 }, routes };
  const { port } = await router.setRoute({ ...route, affinity: { cookie: 'stay' } });
  expect((await call(port, { headers: { 'x-canary': 'yes' } })).headers['set-cookie']).toEqual(['own=1']);
  expect((await call(port)).headers['set-cookie']).toEqual(['own=1', expect.stringMatching(/^stay=/)]);
});

test('a WebSocket is given the cookie too, and goes where it leads', async () => {
  const router = startRouter();
  const echo = async (slot: number) => {
    const { backend, server } = await startBackend((_, response) => response.end());
    new WebSocketServer({ server }).on('connection', (socket) => socket.send(`number ${slot}`));
    return { ...backend, slot };
  };
  const backends = { a: [await echo(0), await echo(1)] };
  const route = { key: 's', port: 0, backends, weights: { a: 100 }, affinity: { cookie: 'stay' } };
  const { port } = await router.setRoute(route);
  const open = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
    const upgraded = once(socket, 'upgrade');
    const [said] = await once(socket, 'message');
    const [{ headers: received }] = (await upgraded) as [{ headers: { 'set-cookie'?: string[] } }];
    socket.terminate();
    return { said: String(said), cookie: cookieOf({ headers: received }) };
  };
  const first = await open({});
  for (let i = 0; i < 3; i++) {
    const again = await open({ cookie: first.cookie.split(';')[0] as string });
    expect(again).toEqual({ said: first.said, cookie: '' });
  }
});
