import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopAgent } from '../../src/agent/agent-control.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, isRunning, Playground } from './playground.ts';

const { router } = localPlatform;
let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

async function killAgent(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const pid = await ground.agentPid();
  process.kill(pid, signal);
  await until(() => !isRunning(pid));
}

const list = () => localPlatform.list(ground.context());

describe.each(['SIGKILL', 'SIGTERM'] as const)('after %s to the agent', (signal) => {
  it('the next one takes processes, routes and weights back', async () => {
    const port = await freePort();
    await ground.serve(ground.request('r1'));
    await ground.serve(ground.request('r2'));
    const { url } = await ground.route(port, { r1: 50, r2: 50 });
    const before = await list();
    await killAgent(signal);
    expect(await ground.processes()).toHaveLength(2);

    expect(await list()).toEqual(before);
    expect(await router.weights(ground.context(), 'web')).toEqual({ r1: 50, r2: 50 });
    const answers = await Promise.all([get(url), get(url), get(url), get(url)]);
    expect(new Set(answers)).toEqual(new Set(before.map(({ revision, pid }) => `${revision} ${pid}`)));

    // Taken back for good: watched, and ended like any other.
    const [first] = before;
    process.kill(first?.pid as number, 'SIGKILL');
    await until(async () => (await list())[0]?.restarts === 1);
    await ground.untilHealthy('r1');
    for (const revision of ['r1', 'r2']) await localPlatform.retire(ground.context(), { service: 'web', revision });
    expect(await ground.processes()).toEqual([]);
  });

  it('a service that ended meanwhile is started again, with its secrets', async () => {
    const request = { ...ground.request('r1'), env: { API_KEY: 'k-1' } };
    const preview = await ground.serve(request);
    const [before] = await list();
    await killAgent(signal);
    process.kill(before?.pid as number, 'SIGKILL');
    await ground.untilHealthy('r1');
    expect(JSON.parse(await get(`${preview}/env`)).API_KEY).toBe('k-1');
    expect(await ground.processes('r1')).toHaveLength(1);
  });
});

describe('an agent that is killed', () => {
  it('while it ends a service leaves that to the next one', async () => {
    const server = `process.on('SIGTERM', () => {});
      require('node:http').createServer((q, r) => r.end()).listen(process.env.PORT);`;
    await ground.serve(ground.request('r1', { stopGraceMs: 3_000 }, { 'server.js': server }));
    const call = new AbortController();
    const target = { service: 'web', revision: 'r1' };
    const retiring = localPlatform.retire(ground.context({ signal: call.signal }), target).catch(() => 'interrupted');
    await until(async () => (await list())[0]?.state === 'stopped');
    call.abort();
    expect(await retiring).toBe('interrupted');
    await killAgent();
    expect(await ground.processes('r1')).toHaveLength(1);
    await until(async () => (await list()).length === 0);
    expect(await ground.processes()).toEqual([]);
  });

  it('serves a static site again at its addresses', async () => {
    const port = await freePort();
    const request = ground.request('s1', {}, { 'dist/index.html': 'hello' });
    const { run: _run, ...spec } = request.spec;
    const preview = await ground.serve({ ...request, spec: { ...spec, static: 'dist' } });
    const { url } = await ground.route(port, { s1: 100 });
    await killAgent();
    await list();
    expect(await get(url)).toBe('hello');
    expect(await get(preview)).toBe('hello');
  });

  it('opens a route again when its port is free again', async () => {
    const port = await freePort();
    await ground.serve(ground.request('r1'));
    const weights = { r1: 100 };
    const { url } = await ground.route(port, weights);
    await killAgent();
    const thief = createServer().listen(port, '127.0.0.1');
    await once(thief, 'listening');
    expect(await router.weights(ground.context(), 'web')).toEqual({});
    thief.close();
    await until(async () => (await router.weights(ground.context(), 'web')).r1 === 100);
    expect(await get(url)).toMatch(/^r1 /);
  });

  it('at any moment while revisions come and go leaves nothing doubled and nothing behind', async () => {
    const port = await freePort();
    const wanted = new Set<string>();
    for (let round = 1; round <= 15; round++) {
      const revision = `r${round}`;
      const oldest = [...wanted][0];
      const killer = (async () => {
        await sleep(Math.random() * 150);
        for (const pid of ground.agents()) process.kill(pid, 'SIGKILL');
      })();
      await ground.serve(ground.request(revision));
      await ground.route(port, { [revision]: 100 });
      wanted.add(revision);
      if (oldest && round % 2 === 0) {
        await localPlatform.retire(ground.context(), { service: 'web', revision: oldest });
        wanted.delete(oldest);
      }
      await killer;
      const found = await list();
      expect(new Set(found.map((running) => running.revision))).toEqual(wanted);
      await until(async () => (await list()).every(({ state }) => state === 'running'));
      expect(await ground.processes()).toHaveLength(wanted.size);
      expect(await get(`http://127.0.0.1:${port}`)).toMatch(new RegExp(`^${revision} `));
      // The watch and a command may each have started one: all but one find that they are late, and end.
      await until(() => ground.agents().length === 1 || `agents: ${ground.agents().join(' ')}`);
    }
  });
});

describe('an agent whose state directory is removed', () => {
  it('ends, with its services and their ports', async () => {
    const port = await freePort();
    await ground.serve(ground.request('r1'));
    await ground.route(port, { r1: 100 });
    const agent = await ground.agentPid();
    rmSync(ground.state, { recursive: true, force: true });
    await until(() => !isRunning(agent));
    expect(await ground.processes()).toEqual([]);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });
});

describe('the watch over the agent', () => {
  it('brings a killed agent back without a command, again and again, and the route with it', async () => {
    const port = await freePort();
    await ground.serve(ground.request('r1'));
    const { url } = await ground.route(port, { r1: 100 });
    const before = await get(url);
    for (let round = 0; round < 2; round++) {
      const [agent] = ground.agents();
      process.kill(agent as number, 'SIGKILL');
      await until(() => !isRunning(agent as number));
      // Nothing here asks for an agent: only the watch can have started it.
      await until(async () => (await get(url).catch(String)) === before);
      expect(ground.agents()).toHaveLength(1);
    }
  });

  it('leaves an agent alone that was stopped', async () => {
    await ground.serve(ground.request('r1'));
    await killAgent();
    await stopAgent(ground.state);
    await sleep(1_500);
    expect(ground.agents()).toEqual([]);
    expect(await ground.processes()).toEqual([]);
  });
});
