import { freePort } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask as askHaproxy } from '../src/runtime/ask.ts';
import { ask, haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';
import { startTheirs } from './theirs.ts';

const ONE = "a server that isn't Slipway's and takes";
const SEVERAL = "servers that aren't Slipway's and take";

/** Both when it is looked beforehand and when it is told: the same, with what to do. */
async function problemsWith(theirs: { socket: string }, service = 'shop') {
  const context = await openStand({ use: 'haproxy', socket: theirs.socket, backends: { shop: 'be_shop' } });
  const problems = (await haproxyRouter.check?.(context, [service])) ?? [];
  const request = { ...(await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 })), service };
  const told = haproxyRouter.setWeights(context, request);
  if (problems[0]) await expect(told).rejects.toMatchObject({ code: problems[0].code });
  else await told;
  for (const { hint } of problems) expect(hint).toBeTruthy();
  return problems.map(({ code, message }) => `${code}: ${message}`);
}

describe.skipIf(!requirePart('haproxy'))('a HAProxy of somebody else is looked at before anything begins', () => {
  test('one that has all that it takes has no problem', async () => {
    expect(await problemsWith(await startTheirs(await freePort()))).toEqual([]);
  });

  test('nobody at the socket', async () => {
    expect(await problemsWith({ socket: '/nowhere/admin.sock' })).toEqual([
      'haproxy-unreachable: HAProxy does not answer at /nowhere/admin.sock: there is no such socket.',
    ]);
  });

  test.each(['operator', 'user'] as const)('a socket of level %s', async (level) => {
    const theirs = await startTheirs(await freePort(), { level });
    expect(await problemsWith(theirs)).toEqual([
      `haproxy-not-permitted: HAProxy's socket ${theirs.socket} has the level ${level}, which may not add servers.`,
    ]);
  });

  test('no such backend', async () => {
    expect(await problemsWith(await startTheirs(await freePort()), 'cart')).toEqual([
      'haproxy-no-backend: HAProxy has no backend cart for cart; it has be_shop.',
    ]);
  });

  test.each(['leastconn', 'static-rr', 'source'])('a backend that balances by %s', async (balance) => {
    const backend = [`balance ${balance}`];
    expect(await problemsWith(await startTheirs(await freePort(), { backend }))).toEqual([
      expect.stringMatching(
        /^haproxy-balance: The backend be_shop balances by \S+, so shop can't be divided by weight/,
      ),
    ]);
  });

  test.each([
    [['server theirs 127.0.0.1:9'], ONE, 'theirs'],
    [['server-template web 1-9 127.0.0.1:9 check'], SEVERAL, 'web1, web2, web3 and 6 more'],
    // Out until the name resolves, so not for good.
    [['server-template web 1-2 no-such-host.invalid:9 resolvers none init-addr none'], SEVERAL, 'web1, web2'],
  ])('a backend with %j', async (servers, what, names) => {
    const backend = ['balance roundrobin', ...servers];
    expect(await problemsWith(await startTheirs(await freePort(), { backend }))).toEqual([
      `haproxy-foreign-server: The backend be_shop has ${what} part of the traffic: ${names}.`,
    ]);
  });

  test('servers of a template that are disabled are left as they are', async () => {
    const backend = ['balance roundrobin', 'server-template web 1-3 127.0.0.1:9 disabled'];
    const port = await freePort();
    const theirs = await startTheirs(port, { backend });
    expect(await problemsWith(theirs)).toEqual([]);
    expect(await ask(port, 6)).toEqual({ v1: 6 });
    const states = await askHaproxy(theirs.socket, 'show servers state be_shop', AbortSignal.timeout(5_000));
    expect([...states.matchAll(/ web\d /g)]).toHaveLength(3);
  });

  test('a backend that another environment has its servers in, until they are removed', async () => {
    const port = await freePort();
    const theirs = await startTheirs(port);
    const staging = await openStand({ use: 'haproxy', socket: theirs.socket, backends: { shop: 'be_shop' } });
    const production = { ...staging, environment: 'production' };
    await haproxyRouter.setWeights(staging, await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 }));
    const [problem, ...more] = (await haproxyRouter.check?.(production, ['shop'])) ?? [];
    expect([problem?.message, more]).toEqual([
      `The backend be_shop has servers of shop in the environment ${staging.environment}, so it can't be that of shop here.`,
      [],
    ]);
    const request = await requestFor({ v2: [await startInstance('v2')] }, { v2: 100 });
    await expect(haproxyRouter.setWeights(production, request)).rejects.toMatchObject({
      code: 'haproxy-backend-shared',
    });
    expect(await ask(port, 3)).toEqual({ v1: 3 });
    expect(await haproxyRouter.check?.(staging, ['shop'])).toEqual([]);

    await haproxyRouter.remove(staging, 'shop');
    await haproxyRouter.setWeights(production, request);
    expect(await ask(port, 3)).toEqual({ v2: 3 });
  });

  test('one backend for two services, declared so or taken so', async () => {
    const { socket } = await startTheirs(await freePort());
    const context = await openStand({ use: 'haproxy', socket, backends: { shop: 'be_shop', cart: 'be_shop' } });
    const both = (await haproxyRouter.check?.(context, ['shop', 'cart'])) ?? [];
    expect(both.map(({ message }) => message)).toEqual([
      "The backend be_shop is that of shop and cart, and can be one's only.",
    ]);
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    await expect(haproxyRouter.setWeights(context, { ...request, service: 'cart' })).rejects.toThrow(
      "The backend be_shop has servers of shop, so it can't be that of cart here.",
    );
  });
});
