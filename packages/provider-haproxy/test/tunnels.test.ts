import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '@slipway/core/provider';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { haproxyRouter, openStand, requestFor, startInstance } from './stand.ts';

/** Says back what it is told on an upgraded connection, as a server of WebSockets does, behind its name. */
async function startEcho(name: string): Promise<Endpoint> {
  const server = createServer((_, response) => response.end(name));
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('data', (part: Buffer) => socket.write(`${name} ${part.toString()}`));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { slot: 0, host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function openTunnel(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  const next = async () => String((await once(socket, 'data', { signal: AbortSignal.timeout(5_000) }))[0]);
  socket.write('GET /chat HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  expect(await next()).toMatch(/^HTTP\/1.1 101/);
  return {
    echo: async (text: string) => {
      const said = next();
      socket.write(text);
      return await said;
    },
    close: () => void socket.end(),
  };
}

describe.skipIf(!requirePart('haproxy'))('an open tunnel, as WebSockets are', () => {
  test.each([
    ['a switch', false],
    ['a switch and a reload', true],
  ])('that says nothing for a while outlives %s, and draining waits for it', async (_, isReloaded) => {
    const context = await openStand();
    const backends = { v1: [await startEcho('v1')], v2: [await startInstance('v2')] };
    const request = await requestFor(backends, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    const tunnel = await openTunnel(request.port);
    const routes = isReloaded ? [{ revision: 'v2', header: 'x-preview', value: '1' }] : [];
    await haproxyRouter.setWeights(context, { ...request, routes, weights: { v2: 100 } });
    const drain = (drainMs: number) => haproxyRouter.drain(context, { service: 'shop', revision: 'v1', drainMs });
    expect(await drain(100)).toEqual({ kind: 'timed-out', open: 1 });
    await sleep(2_500);
    expect(await tunnel.echo('after')).toBe('v1 after');
    expect(await drain(0)).toEqual({ kind: 'timed-out', open: 1 });
    const drained = drain(20_000);
    tunnel.close();
    expect(await drained).toEqual({ kind: 'drained' });
  });
});
