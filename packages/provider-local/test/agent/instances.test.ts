import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, sampleSpec, startLoad, writeSample } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, isRunning, Playground } from './playground.ts';

const { router } = localPlatform;
let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

const stage = (slots: number[], change = {}) =>
  localPlatform.stage(ground.context(), ground.request('r1', { slots, ...change }));
const listed = async () => (await localPlatform.list(ground.context()))[0];
const endpoints = async (revision = 'r1') =>
  (await localPlatform.endpoints(ground.context(), { service: 'web', revisions: [revision] }))[revision] ?? [];
const answersOf = async () => await Promise.all((await endpoints()).map(({ port }) => get(`http://127.0.0.1:${port}`)));

async function killAgent(): Promise<void> {
  const pid = await ground.agentPid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isRunning(pid));
}

describe('instances', () => {
  it('have a port, a number and a log each, and scale without touching those that stay', async () => {
    await ground.serve(ground.request('r1', { slots: [0, 2] }));
    expect((await endpoints()).map(({ slot }) => slot)).toEqual([0, 2]);
    const before = await answersOf();
    expect(new Set(before).size).toBe(2);
    const env = JSON.parse(await get(`http://127.0.0.1:${(await endpoints())[1]?.port}/env`));
    expect(env).toMatchObject({ SLIPWAY_INSTANCE: '2', SLIPWAY_REVISION: 'r1' });

    await ground.serve(ground.request('r1', { slots: [0, 1, 2, 3] }));
    expect(await listed()).toMatchObject({ state: 'running', instances: 4, slots: [0, 1, 2, 3], restarts: 0 });
    expect((await answersOf()).filter((answer) => before.includes(answer))).toEqual(before);

    await stage([2]);
    expect(await answersOf()).toEqual([before[1]]);
    expect(await ground.processes()).toHaveLength(1);
    const lines = [];
    for await (const line of localPlatform.logs(ground.context(), { service: 'web', lines: 100, follow: false })) {
      lines.push(line);
    }
    const said = lines.filter(({ text }) => text === 'listening').map(({ slot }) => slot);
    expect(said.sort()).toEqual([0, 1, 2, 3]);
    expect(lines.filter(({ text }) => text === 'removed').map(({ slot }) => slot)).toEqual(
      expect.arrayContaining([0, 1, 3]),
    );
  });

  it('are stopped gracefully when there are too many', async () => {
    const server = `process.on('SIGTERM', () => setTimeout(() => { console.log('finished'); process.exit(0); }, 200));
      require('node:http').createServer((q, r) => r.end()).listen(process.env.PORT, process.env.HOST);`;
    const request = ground.request('r1', { slots: [0, 1], stopGraceMs: 20_000 }, { 'server.js': server });
    await ground.serve(request);
    await localPlatform.stage(ground.context(), { ...request, slots: [0] });
    expect(readFileSync(join(ground.state, 'logs/dev/web/r1@1.stdout.log'), 'utf8')).toBe('finished\n');
    expect(await ground.processes()).toHaveLength(1);
  });

  it('that end are started again by themselves; the worst one is the state, and a probe names it', async () => {
    await ground.serve(ground.request('r1', { slots: [0, 1, 2] }));
    const [first, second] = await endpoints();
    for (let times = 0; times < 3; times++) {
      await get(`http://127.0.0.1:${second?.port}/exit`).catch(() => {});
      await until(async () => {
        const found = await listed();
        return found?.state === 'restarting' || (found?.restarts ?? 0) > times || found?.state;
      });
      const probed = {
        service: 'web',
        revision: 'r1',
        health: { tcp: true, intervalMs: 1, timeoutMs: 2_000, healthyAfter: 1, unhealthyAfter: 1, deadlineMs: 1 },
      };
      const result = await localPlatform.probe(ground.context(), probed);
      if (result.kind === 'unhealthy') expect(result.reason).toMatch(/^instance 1: its process exited with code 7/);
      expect(await localPlatform.probe(ground.context(), { ...probed, slots: [0, 2] })).toEqual({ kind: 'healthy' });
      await ground.untilHealthy('r1');
    }
    expect(await listed()).toMatchObject({ state: 'running', instances: 3, restarts: 3 });
    expect((await endpoints())[0]).toEqual(first);
    expect((await endpoints())[1]).toEqual(second);
  });

  it('that can not be started are taken back, and those that run stay', async () => {
    await ground.serve(ground.request('r1', { slots: [0, 1] }));
    const before = await answersOf();
    // As large as no environment can be: the process can't be made.
    const huge = { ...ground.request('r2', { slots: [0, 1] }), env: { HUGE: 'x'.repeat(3_000_000) } };
    await expect(localPlatform.stage(ground.context(), huge)).rejects.toMatchObject({ code: 'process-unstartable' });
    expect((await localPlatform.list(ground.context())).map(({ revision }) => revision)).toEqual(['r1']);
    expect(await answersOf()).toEqual(before);
  });

  it('may be none at all, and come back', async () => {
    await ground.serve(ground.request('r1', { slots: [0, 1] }));
    await stage([]);
    expect(await listed()).toMatchObject({ state: 'stopped', instances: 0, slots: [] });
    expect(await ground.processes()).toEqual([]);
    expect(
      await localPlatform.probe(ground.context(), {
        service: 'web',
        revision: 'r1',
        health: ground.request('r1').spec.health,
      }),
    ).toMatchObject({ kind: 'unhealthy' });
    await ground.serve(ground.request('r1', { slots: [1] }));
    expect(await listed()).toMatchObject({ instances: 1, slots: [1] });
  });

  it('scale up and down under load, and no request fails', async () => {
    const port = await freePort();
    const artifact = await writeSample(join(ground.directory, 'sample'));
    const request = (slots: number[]) => ({
      ...ground.request('r1'),
      spec: sampleSpec('process', port),
      artifact,
      slots,
      env: { REVISION: 'r1' },
    });
    const scale = async (slots: number[]) => {
      await localPlatform.stage(ground.context(), request(slots));
      await ground.untilHealthy('r1');
    };
    /** As a rollout does: gone from the router, drained, and only then stopped. */
    const take = async (slots: number[]) => {
      const all = await endpoints();
      const left = all.filter(({ slot }) => slots.includes(slot));
      await ground.route(port, { r1: 100 }, { backends: { r1: left } });
      const gone = all.map(({ slot }) => slot).filter((slot) => !slots.includes(slot));
      const drain = { service: 'web', revision: 'r1', slots: gone, drainMs: 10_000 };
      expect(await router.drain(ground.context(), drain)).toEqual({ kind: 'drained' });
      await scale(slots);
    };
    await scale([0]);
    const { url } = await ground.route(port, { r1: 100 });
    const load = startLoad(url);
    for (const slots of [
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4, 5],
    ]) {
      await scale(slots);
      await ground.route(port, { r1: 100 });
      const before = load.report().requests;
      await until(() => load.report().requests > before + 300);
    }
    for (const slots of [[2, 3, 4, 5], [4]]) await take(slots);
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, reasons: {}, errors: {} });
    expect(Object.keys(report.instances)).toHaveLength(6);
    expect((await router.traffic(ground.context(), 'web')).r1).toMatchObject({
      requests: report.requests,
      errors: 0,
      open: 0,
    });
  });
});

describe('after the agent is killed', () => {
  it('every instance is taken back, with the route over them', async () => {
    const port = await freePort();
    await ground.serve(ground.request('r1', { slots: [0, 1, 3] }));
    await ground.serve(ground.request('r2', { slots: [0, 1] }));
    const preview = await freePort();
    const { url } = await ground.route(
      port,
      { r1: 100 },
      {
        routes: [
          { revision: 'r2', header: 'x-canary', value: 'yes' },
          { revision: 'r2', port: preview },
        ],
        affinity: { cookie: 'stay' },
      },
    );
    const [before, at] = [await localPlatform.list(ground.context()), await answersOf()];
    const cookie = (await fetch(url)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const stays = await (await fetch(url, { headers: { cookie } })).text();
    await killAgent();

    expect(await localPlatform.list(ground.context())).toEqual(before);
    expect(await answersOf()).toEqual(at);
    expect(await localPlatform.recover!(ground.context(), 'web')).toEqual([
      { record: { made: 'r1' }, slots: [0, 1, 3] },
      { record: { made: 'r2' }, slots: [0, 1] },
    ]);
    expect(await router.weights(ground.context(), 'web')).toEqual({ r1: 100 });
    expect(new Set(await Promise.all([get(url), get(url), get(url)]))).toEqual(new Set(at));
    expect(await (await fetch(url, { headers: { 'x-canary': 'yes' } })).text()).toMatch(/^r2 /);
    expect(await get(`http://127.0.0.1:${preview}`)).toMatch(/^r2 /);
    for (let i = 0; i < 4; i++) expect(await (await fetch(url, { headers: { cookie } })).text()).toBe(stays);
  });

  it('at any moment of scaling, the next call makes it exactly what is wanted', async () => {
    let wanted = [0];
    await ground.serve(ground.request('r1', { slots: wanted }));
    for (let round = 0; round < 8; round++) {
      wanted = [0, 1, 2, 3].filter(() => Math.random() < 0.6);
      const killer = sleep(Math.random() * 250).then(() => {
        for (const pid of ground.agents()) process.kill(pid, 'SIGKILL');
      });
      await stage(wanted);
      await killer;
      await until(async () => (await listed())?.slots?.join() === wanted.join() || JSON.stringify(await listed()));
      await until(async () => {
        const found = await ground.processes();
        return found.length === wanted.length || found.join();
      });
      expect((await endpoints()).map(({ slot }) => slot)).toEqual(wanted);
      await until(() => ground.agents().length <= 1);
    }
  });
});
