import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, health, isRunning, Playground } from './playground.ts';

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

const running = async (revision = 'r1') =>
  (await localPlatform.list(ground.context())).find((found) => found.revision === revision);
const probe = () => localPlatform.probe(ground.context(), { service: 'web', revision: 'r1', health });

describe('a service that ends', () => {
  it('is started again at its address', async () => {
    const preview = await ground.serve(ground.request('r1'));
    const before = await get(preview);
    await get(`${preview}/exit`).catch(() => {});
    await until(async () => (await running())?.restarts === 1);
    await ground.untilHealthy('r1');
    expect(await get(preview)).not.toBe(before);
    expect(await ground.processes('r1')).toHaveLength(1);
  });

  it('is started with growing pauses, and a probe tells how it ended and what it said last', async () => {
    const server = `console.error('one'); console.error('two'); console.error('cannot open the database'); process.exit(3)`;
    await localPlatform.stage(ground.context(), ground.request('r1', {}, { 'server.js': server }));
    await until(async () => ((await running())?.restarts ?? 0) >= 2);
    const told = /^its process exited with code 3, restarted \d+ times\none\ntwo\ncannot open the database$/;
    await until(async () => {
      const result = await probe();
      return result.kind === 'unhealthy' && (told.test(result.reason) || result.reason);
    });
    const notes = readFileSync(join(ground.state, 'logs/dev/web/r1.slipway.log'), 'utf8');
    const pauses = [...notes.matchAll(/next start in ([\d.]+) s/g)].map((match) => Number(match[1]));
    // Each is between half and the whole of 0.5, 1, 2, … s.
    pauses.forEach((pause, index) => {
      expect(pause).toBeGreaterThanOrEqual(0.2 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(0.55 * 2 ** index);
    });
  });

  it('is started at once, instead of after its pause, when it is asked for', async () => {
    const program = `const ready = require('node:fs').existsSync(process.env.SLIPWAY_DATA_DIR + '/ready');
      if (!ready) process.exit(3); setInterval(() => {}, 1000);`;
    const request = ground.request('r1', {}, { 'server.js': program });
    await localPlatform.stage(ground.context(), request);
    // By now the pause is between 4 and 8 s.
    await until(async () => ((await running())?.restarts ?? 0) >= 4 && (await running())?.state === 'restarting');
    writeFileSync(join(ground.state, 'data/dev/web/ready'), '');
    await localPlatform.stage(ground.context(), request);
    await until(async () => (await running())?.state === 'running', 3_500);
    expect(await ground.processes('r1')).toHaveLength(1);
  });

  it('gets another port when its own was taken meanwhile, and the router follows', async () => {
    const port = await freePort();
    const preview = await ground.serve(ground.request('r1'));
    const { url } = await ground.route(port, { r1: 100 });
    // Without an agent nobody starts it again before its port is taken.
    const service = (await running())?.pid as number;
    process.kill(await ground.agentPid(), 'SIGKILL');
    process.kill(service, 'SIGKILL');
    await until(() => !isRunning(service));
    const thief = createServer((socket) => socket.destroy()).listen(Number(new URL(preview).port), '127.0.0.1');
    await once(thief, 'listening');
    try {
      await until(async () => (await running())?.preview !== preview);
      await ground.untilHealthy('r1');
      expect(await get(url)).toMatch(/^r1 /);
    } finally {
      thief.close();
    }
  });
});

describe('retiring', () => {
  const retire = () => localPlatform.retire(ground.context(), { service: 'web', revision: 'r1' });

  it('lets a service finish', async () => {
    const server = `process.on('SIGTERM', () => setTimeout(() => {
      require('node:fs').writeFileSync(process.env.SLIPWAY_DATA_DIR + '/finished', ''); process.exit(0); }, 150));
      require('node:http').createServer((q, r) => r.end()).listen(process.env.PORT);`;
    await ground.serve(ground.request('r1', { stopGraceMs: 20_000 }, { 'server.js': server }));
    await retire();
    expect(existsSync(join(ground.state, 'data/dev/web/finished'))).toBe(true);
    expect(await ground.processes()).toEqual([]);
  });

  it('ends one that does not after its grace, and not before', async () => {
    const server = `process.on('SIGTERM', () => console.log('no'));
      require('node:http').createServer((q, r) => r.end()).listen(process.env.PORT);`;
    await ground.serve(ground.request('r1', { stopGraceMs: 400 }, { 'server.js': server }));
    const began = Date.now();
    await retire();
    expect(Date.now() - began).toBeGreaterThanOrEqual(400);
    expect(await ground.processes()).toEqual([]);
    expect(readFileSync(join(ground.state, 'logs/dev/web/r1.stdout.log'), 'utf8')).toBe('no\n');
  });

  it('takes along what the service started, in its group, out of it, and orphaned', async () => {
    const run = `sleep 1000 & setsid sleep 1001 & (setsid sh -c 'sleep 1002 & sleep 1003' &) ; node server.js; true`;
    await ground.serve(ground.request('r1', { run, stopGraceMs: 300 }));
    await until(async () => {
      const { length } = await ground.processes();
      return length === 7 || length;
    });
    await retire();
    expect(await ground.processes()).toEqual([]);
  });

  it('ends a service that keeps failing', async () => {
    await localPlatform.stage(ground.context(), ground.request('r1', { run: 'exit 1' }));
    await until(async () => (await running())?.state === 'restarting');
    await retire();
    expect(await localPlatform.list(ground.context())).toEqual([]);
  });
});

describe('leftovers of a service that ended', () => {
  it('are ended before the next start', async () => {
    await ground.serve(ground.request('r1', { run: 'sleep 1000 & exec node server.js' }));
    const first = await ground.processes('r1');
    expect(first).toHaveLength(2);
    process.kill((await running())?.pid as number, 'SIGKILL');
    await until(async () => (await running())?.restarts === 1);
    expect(first.filter(isRunning)).toEqual([]);
  });
});

describe('fencing', () => {
  it('refuses a writer that another one replaced, also after a crash, for its environment alone', async () => {
    const request = ground.request('r1');
    await localPlatform.stage(ground.context({ epoch: 5 }), request);
    const stale = ground.context({ epoch: 4 });
    const expectFenced = (call: Promise<unknown>) => expect(call).rejects.toMatchObject({ code: 'fenced' });
    await expectFenced(localPlatform.stage(stale, ground.request('r2')));
    process.kill(await ground.agentPid(), 'SIGKILL');
    await expectFenced(localPlatform.retire(stale, request));
    await expectFenced(localPlatform.router.remove(stale, 'web'));
    await expectFenced(ground.route(1, {}, {}, stale));
    expect((await running())?.state).toBe('running');
    await localPlatform.retire(ground.context({ epoch: 4, environment: 'other' }), request);
    await localPlatform.retire(ground.context({ epoch: 5 }), request);
    expect(await ground.processes()).toEqual([]);
  });
});
