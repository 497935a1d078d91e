import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { CallContext } from '@slipway/core/provider';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { ask, endAll, folderOf, haproxyRouter, openStand, processesOf, requestFor, startInstance } from './stand.ts';
import { startTheirs } from './theirs.ts';

const TWO_BACKENDS = ['balance roundrobin', 'backend be_new', 'balance roundrobin'];

const attachedTo = (socket: string, backend = 'be_shop') => ({ use: 'haproxy', socket, backends: { shop: backend } });

const codesOf = async (context: CallContext) =>
  ((await haproxyRouter.check?.(context, ['shop'])) ?? []).map(({ code }) => code);

const closed = { weights: {}, backends: {} };

async function openTwo() {
  const [port, otherPort] = [await freePort(), await freePort()];
  const [theirs, other] = [await startTheirs(port), await startTheirs(otherPort)];
  const before = await openStand(attachedTo(theirs.socket));
  const now = { ...before, router: attachedTo(other.socket) };
  const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
  await haproxyRouter.setWeights(before, request);
  return { port, otherPort, theirs, other, before, now, request };
}

/** As deploying it elsewhere takes it: refused, and taken out of where it is. */
async function takeOutWith(context: CallContext, request: Awaited<ReturnType<typeof requestFor>>): Promise<void> {
  expect(await codesOf(context)).toEqual(['haproxy-moved']);
  await expect(haproxyRouter.setWeights(context, request)).rejects.toMatchObject({
    code: 'haproxy-moved',
    details: { effect: 'none' },
  });
  expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
  await haproxyRouter.setWeights(context, { ...request, ...closed });
  const drained = haproxyRouter.drain(context, { service: 'shop', revision: 'v1', drainMs: 1_000 });
  expect(await drained).toEqual({ kind: 'drained' });
  await haproxyRouter.remove(context, 'shop');
  await haproxyRouter.remove(context, 'shop');
  expect(await codesOf(context)).toEqual([]);
}

describe.skipIf(!requirePart('haproxy'))('a service that is served elsewhere than the options of now say', () => {
  test('is taken out of the HAProxy that has it before another one serves it', async () => {
    const { port, otherPort, theirs, other, now, request } = await openTwo();
    const [problem] = (await haproxyRouter.check?.(now, ['shop'])) ?? [];
    expect(problem?.message).toBe(
      `shop is served by the backend be_shop of the HAProxy at ${theirs.socket}, and is to be by the backend be_shop of the HAProxy at ${other.socket}: users of the former would be left behind.`,
    );
    expect(problem?.hint).toContain(`socket: ${theirs.socket}`);
    expect(problem?.hint).toContain('slipway destroy --only shop');
    await takeOutWith(now, request);
    expect(await ask(port, 3)).toEqual({ failed: 3 });
    await haproxyRouter.setWeights(now, request);
    expect(await ask(otherPort, 3)).toEqual({ v1: 3 });
  });

  test('is taken out of the backend that has it before another one serves it', async () => {
    const port = await freePort();
    const { socket } = await startTheirs(port, { backend: TWO_BACKENDS });
    const before = await openStand(attachedTo(socket));
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(before, request);
    const now = { ...before, router: attachedTo(socket, 'be_new') };
    await takeOutWith(now, request);
    expect(await ask(port, 3)).toEqual({ failed: 3 });
    await haproxyRouter.setWeights(now, request);
    expect(await haproxyRouter.weights(now, 'shop')).toEqual({ v1: 100 });
  });

  test('is drained where its users are', async () => {
    const { port, now, before } = await openTwo();
    let answer: ServerResponse | undefined;
    const slow = await startInstance('v2', (request, response) => {
      if (request.url === '/slow') answer = response;
      else response.end('v2');
    });
    await haproxyRouter.setWeights(before, await requestFor({ v2: [slow] }, { v2: 100 }));
    const waiting = fetch(`http://127.0.0.1:${port}/slow`);
    await waitUntil('the request has come', async () => answer !== undefined);
    await haproxyRouter.setWeights(now, { ...(await requestFor({}, {})), ...closed });
    const drain = async () => await haproxyRouter.drain(now, { service: 'shop', revision: 'v2', drainMs: 200 });
    expect(await drain()).toEqual({ kind: 'timed-out', open: 1 });
    answer?.end('late');
    expect(await (await waiting).text()).toBe('late');
    expect(await drain()).toEqual({ kind: 'drained' });
  });

  test('may go elsewhere at once when the former has lost it or is gone', async () => {
    const { otherPort, theirs, before, now, request } = await openTwo();
    await theirs.restart();
    expect(await codesOf(now)).toEqual([]);
    await haproxyRouter.setWeights(now, request);
    expect(await ask(otherPort, 3)).toEqual({ v1: 3 });

    await haproxyRouter.remove(now, 'shop');
    await haproxyRouter.setWeights(before, request);
    await rename(theirs.socket, `${theirs.socket}.gone`);
    expect(await codesOf(now)).toEqual([]);
    await haproxyRouter.remove(now, 'shop');
    expect(await haproxyRouter.weights(before, 'shop')).toEqual({});
  });

  test('is where it is served, and not where a record is left of what was lost', async () => {
    const theirs = await startTheirs(await freePort());
    const attached = await openStand(attachedTo(theirs.socket));
    const own = { ...attached, router: { use: 'haproxy' } };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(attached, request);
    await theirs.restart();
    await haproxyRouter.setWeights(own, request);
    expect(await codesOf(own)).toEqual([]);
    await takeOutWith(attached, request);
  });

  test('by a record of before it said where: is where the options say', async () => {
    const { port, before, request } = await openTwo();
    const file = join(folderOf(before), 'attached.json');
    const { shop } = JSON.parse(await readFile(file, 'utf8'));
    expect(shop.where).toEqual({ socket: (before.router as { socket: string }).socket, backend: 'be_shop' });
    await writeFile(file, JSON.stringify({ shop: { ...shop, where: undefined } }));
    expect(await codesOf(before)).toEqual([]);
    await haproxyRouter.setWeights(before, request);
    await writeFile(file, JSON.stringify({ shop: { ...shop, where: undefined } }));
    await haproxyRouter.remove(before, 'shop');
    expect(await ask(port, 3)).toEqual({ failed: 3 });
  });

  test("has no claim on servers that were left in a backend that isn't its own any more", async () => {
    const { port, otherPort, theirs, before, now, request } = await openTwo();
    await rename(theirs.socket, `${theirs.socket}.hidden`);
    await haproxyRouter.setWeights(now, request);
    await rename(`${theirs.socket}.hidden`, theirs.socket);
    const next = await requestFor({ v2: [await startInstance('v2')] }, { v2: 100 });
    await haproxyRouter.setWeights({ ...before, environment: 'staging' }, next);
    expect([await ask(port, 3), await ask(otherPort, 3)]).toEqual([{ v2: 3 }, { v1: 3 }]);
  });

  test("leaves Slipway's own HAProxy for one that runs already, and that one for Slipway's own", async () => {
    const port = await freePort();
    const { socket } = await startTheirs(port);
    const own = await openStand({ use: 'haproxy', bind: ['127.0.0.1', '127.0.0.2'] });
    const theirs = { ...own, router: attachedTo(socket) };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const cart = { ...(await requestFor({ c1: [await startInstance('c1')] }, { c1: 100 })), service: 'cart' };
    await haproxyRouter.setWeights(own, request);
    await haproxyRouter.setWeights(own, cart);
    await takeOutWith(theirs, request);
    expect(await ask(request.port, 3)).toEqual({ failed: 3 });
    // The other service is listened for where it was.
    expect(await (await fetch(`http://127.0.0.2:${cart.port}/`)).text()).toBe('c1');
    await haproxyRouter.remove(theirs, 'cart');
    await waitUntil('it has ended', async () => processesOf(own).workers.length === 0);

    await haproxyRouter.setWeights(theirs, request);
    expect(await ask(port, 3)).toEqual({ v1: 3 });
    await takeOutWith(own, request);
    expect(await ask(port, 3)).toEqual({ failed: 3 });
    await haproxyRouter.setWeights(own, request);
    expect(await ask(request.port, 3)).toEqual({ v1: 3 });
  });

  test("is not held up by a HAProxy of Slipway's own that ended with the machine, nor starts it again", async () => {
    const port = await freePort();
    const { socket } = await startTheirs(port);
    const own = await openStand();
    const theirs = { ...own, router: attachedTo(socket) };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(own, request);
    await haproxyRouter.setWeights(own, {
      ...(await requestFor({ c1: [await startInstance('c1')] }, { c1: 100 })),
      service: 'cart',
    });
    await endAll(folderOf(own));
    expect(await codesOf(theirs)).toEqual([]);
    expect(await haproxyRouter.weights(theirs, 'shop')).toEqual({});
    await haproxyRouter.setWeights(theirs, request);
    expect(await ask(port, 3)).toEqual({ v1: 3 });
    await haproxyRouter.remove(theirs, 'shop');
    expect(processesOf(own)).toEqual({ keepers: [], masters: [], workers: [] });
  });
});
