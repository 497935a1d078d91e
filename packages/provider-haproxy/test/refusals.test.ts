import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitUntil } from '@slipway/provider-testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { backendsOf, handingOver } from '../src/config/declared.ts';
import { declaredIn } from '../src/config/render.ts';
import { placeOf } from '../src/place.ts';
import { ask as askHaproxy } from '../src/runtime/ask.ts';
import { shift } from '../src/runtime/servers.ts';
import { standBetween } from './between.ts';
import { ask, folderOf, haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';

const nobody = async () => ({ slot: 0, host: '127.0.0.1', port: await freePort() });

/** A port that another process has and doesn't answer on, so that only who wants to listen there finds out. */
async function holdSilently(): Promise<number> {
  const port = await freePort();
  const listen = `require('net').createServer().listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, 'listens');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const waiting: Socket[] = [];
  onTestFinished(() => {
    child.kill('SIGKILL');
    for (const socket of waiting) socket.destroy();
  });
  await once(child.stdout, 'data');
  // As many as are let in without being accepted, and more.
  for (let number = 0; number < 4; number++) waiting.push(connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  return port;
}

describe.skipIf(!requirePart('haproxy'))('what can not be done leaves traffic as it was', () => {
  test('an instance that does not come up is told, and nothing of it stays in HAProxy', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    request.health.timeoutMs = 100;
    await haproxyRouter.setWeights(context, request);
    const backends = { ...request.backends, v2: [await nobody()] };
    const refused = haproxyRouter.setWeights(context, { ...request, backends, weights: { v1: 50, v2: 50 } });
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-instance-down', subject: 'v2:0' });
    const states = await askHaproxy(placeOf(context).statsSocket, 'show servers state shop', context.signal);
    expect(states).not.toContain('v2:0');
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
  });

  test('an abort while it waits for an instance takes the instance out again', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const abort = new AbortController();
    const backends = { ...request.backends, v2: [await nobody()] };
    const { statsSocket } = placeOf(context);
    const states = () => askHaproxy(statsSocket, 'show servers state shop', context.signal);
    const told = haproxyRouter
      .setWeights({ ...context, signal: abort.signal }, { ...request, backends, weights: { v2: 100 } })
      .then(
        () => 'done',
        () => 'aborted',
      );
    await waitUntil('the server was added', async () => (await states()).includes('v2:0'));
    abort.abort();
    expect(await told).toBe('aborted');
    expect(await states()).not.toContain('v2:0');
    expect(await ask(request.port, 5)).toEqual({ v1: 5 });
  });

  test.each([
    ['that nobody listens for', undefined],
    ['that is not healthy', '/'],
  ])('the first service with an instance %s starts nothing', async (_, path) => {
    const context = await openStand();
    const sick = path ? await startInstance('v1', (_request, to) => to.writeHead(500).end()) : await nobody();
    const request = await requestFor({ v1: [sick] }, { v1: 100 });
    Object.assign(request.health, { intervalMs: 100, ...(path === undefined ? {} : { http: path }) });
    const refused = haproxyRouter.setWeights(context, request);
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-instance-down', details: { effect: 'none' } });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({});
    expect(await haproxyRouter.checkPort?.(context, request)).toEqual({ kind: 'free' });
  });

  test('a server that a killed command left without weight is looked at before it gets some', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    request.health.timeoutMs = 100;
    await haproxyRouter.setWeights(context, request);
    const backends = { ...request.backends, v2: [await nobody()] };
    const next = { ...request, backends, weights: { v2: 100 } };
    const name = backendsOf(next)[0]?.servers[0]?.name;
    const at = `127.0.0.1:${backends.v2[0]?.port}`;
    await askHaproxy(
      placeOf(context).statsSocket,
      `add server shop/${name} ${at} weight 0 check inter 100; enable health shop/${name}; set server shop/${name} state ready`,
      context.signal,
    );
    await expect(haproxyRouter.setWeights(context, next)).rejects.toMatchObject({ code: 'haproxy-instance-down' });
    expect(await ask(request.port, 5)).toEqual({ v1: 5 });
  });

  test('servers that were taken out for what then failed come back', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const task = { socket: placeOf(context).statsSocket, request, signal: context.signal };
    await shift({ ...task, backends: handingOver(request, { ...request, weights: { v2: 100 } }) });
    expect(await ask(request.port, 4)).toEqual({ v2: 4 });
    await shift({ ...task, backends: backendsOf(request) });
    expect(await ask(request.port, 4)).toEqual({ v1: 2, v2: 2 });
  });

  test('a config that HAProxy refuses, or can not start with, leaves what runs', async () => {
    const context = await openStand();
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const file = join(folderOf(context), 'haproxy.cfg');
    const config = readFileSync(file, 'utf8');
    const refusing = async (bind: string[]) =>
      haproxyRouter.setWeights({ ...context, router: { use: 'haproxy', bind } }, request);
    await expect(refusing(['127.0.0.1', 'no.such.host.invalid'])).rejects.toMatchObject({
      code: 'haproxy-config-invalid',
    });
    await expect(refusing(['127.0.0.1', '192.0.2.7'])).rejects.toMatchObject({ code: 'haproxy-not-bindable' });
    expect(readFileSync(file, 'utf8')).toBe(config);
    expect(await ask(request.port, 5)).toEqual({ v1: 5 });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
  });

  test('weights that HAProxy refuses leave its config as it was too', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const { config, statsSocket } = placeOf(context);
    const before = readFileSync(config, 'utf8');
    let refusals = 0;
    await standBetween(statsSocket, (line) =>
      / weight 9\b/.test(line) && refusals++ === 0 ? 'No such server.\n' : undefined,
    );
    const refused = haproxyRouter.setWeights(context, { ...request, weights: { v1: 10, v2: 90 } });
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-refused' });
    expect(refusals).toBe(1);
    expect(readFileSync(config, 'utf8')).toBe(before);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 50, v2: 50 });
  });

  test('an abort when the new config is in place comes too late: what runs and what it comes back with are one', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 50, v2: 50 });
    await haproxyRouter.setWeights(context, request);
    const { config, statsSocket } = placeOf(context);
    const abort = new AbortController();
    await standBetween(statsSocket, (line) => {
      if (/ weight 9\b/.test(line)) abort.abort();
      return undefined;
    });
    const aborted = { ...context, signal: abort.signal };
    const weights = { v1: 10, v2: 90 };
    await haproxyRouter.setWeights(aborted, { ...request, weights }).catch(() => {});
    expect(abort.signal.aborted).toBe(true);
    expect(declaredIn(readFileSync(config, 'utf8')).shop?.weights).toEqual(weights);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual(weights);
    expect(await ask(request.port, 10)).toEqual({ v1: 1, v2: 9 });
  });

  test('a reload that fails when users are handed over already leads all of them back', async () => {
    const context = await openStand();
    const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const port = await holdSilently();
    const routes = [{ revision: 'v2', port }];
    const refused = haproxyRouter.setWeights(context, { ...request, routes, weights: { v2: 100 } });
    await expect(refused).rejects.toMatchObject({ code: 'haproxy-port-taken', subject: `127.0.0.1:${port}` });
    expect(await ask(request.port, 6)).toEqual({ v1: 6 });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
  });

  test('an address with more than an address in it is refused', async () => {
    const context = await openStand({ use: 'haproxy', bind: ['127.0.0.1', '::1:80 accept-proxy'] });
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const refused = haproxyRouter.setWeights(context, request);
    await expect(refused).rejects.toMatchObject({ code: 'router-options-invalid' });
  });

  test('a program that is missing, or of before 2.6, is said to be', async () => {
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    const missing = await openStand({ use: 'haproxy', command: '/nowhere/haproxy' });
    await expect(haproxyRouter.setWeights(missing, request)).rejects.toMatchObject({ code: 'haproxy-not-installed' });
    expect(await haproxyRouter.check?.(missing, ['shop'])).toMatchObject([
      { code: 'haproxy-not-installed', hint: expect.stringContaining('apt-get install haproxy') },
    ]);
    const folder = await mkdtemp(join(tmpdir(), 'slipway-old-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const command = join(folder, 'haproxy');
    await writeFile(command, '#!/bin/sh\necho "HA-Proxy version 2.2.9-2+deb11u6 2023/12/27 - https://haproxy.org/"\n');
    await chmod(command, 0o755);
    const old = await openStand({ use: 'haproxy', command });
    await expect(haproxyRouter.setWeights(old, request)).rejects.toMatchObject({
      code: 'haproxy-too-old',
      message: 'HAProxy 2.2.9-2+deb11u6 is too old.',
    });
    expect(await haproxyRouter.check?.(old, ['shop'])).toMatchObject([{ code: 'haproxy-too-old' }]);
    expect(await haproxyRouter.check?.(await openStand(), ['shop'])).toEqual([]);
  });
});
