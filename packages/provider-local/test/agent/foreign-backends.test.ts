import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  EchoSocket,
  exchange,
  freePort,
  SampleProcess,
  sendLoad,
  shareOf,
  writeSample,
} from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localRouter } from '../../src/platform/local-router.ts';
import { until } from '../until.ts';
import { isRunning, Playground } from './playground.ts';

let ground: Playground;
let directory: string;
const processes: SampleProcess[] = [];
beforeEach(async () => {
  ground = new Playground();
  ({ directory } = await writeSample(join(ground.directory, 'sample')));
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.stop('SIGKILL')));
  await ground.close();
});

/** Instances that no agent knows of. */
async function start(revision: string, count: number, env = {}): Promise<SampleProcess[]> {
  const slots = Array.from({ length: count }, (_, slot) => slot);
  const started = await Promise.all(
    slots.map((slot) => SampleProcess.start(directory, slot, { REVISION: revision, ...env })),
  );
  processes.push(...started);
  return started;
}

const at = (instances: SampleProcess[]) => instances.map(({ endpoint }) => endpoint);
const traffic = async () => await localRouter.traffic(ground.context(), 'web');

/** Sockets that the agent has open, the ones that it listens on included. */
function socketsOf(agent: number): number {
  const folder = `/proc/${agent}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).startsWith('socket:');
    } catch {
      return false; // Closed meanwhile.
    }
  }).length;
}

describe('a route to instances of another platform', () => {
  it('splits as it is told, stays after the agent was killed, and goes without the instances', async () => {
    const [r1, r2] = await Promise.all([start('r1', 2), start('r2', 2)]);
    const backends = { r1: at(r1), r2: at(r2) };
    const { url } = await ground.route(await freePort(), { r1: 75, r2: 25 }, { backends });
    expect(shareOf(await sendLoad(url, 400), 'r2')).toBeCloseTo(25, 0);
    const agent = await ground.agentPid();
    process.kill(agent, 'SIGKILL');
    await until(() => !isRunning(agent));
    expect(await localRouter.weights(ground.context(), 'web')).toEqual({ r1: 75, r2: 25 });
    const report = await sendLoad(url, 400);
    expect(report.failed).toBe(0);
    expect(shareOf(report, 'r2')).toBeCloseTo(25, 0);
    expect(Object.keys(report.instances)).toHaveLength(4);
    await localRouter.remove(ground.context(), 'web');
    expect(await exchange(url)).toMatchObject({ kind: 'failed' });
    expect(await exchange(`http://127.0.0.1:${r1[0]?.endpoint.port}`)).toMatchObject({ kind: 'answered' });
  });

  it('loses nothing when one of the instances dies', async () => {
    const instances = await start('r1', 3);
    const { url } = await ground.route(await freePort(), { r1: 100 }, { backends: { r1: at(instances) } });
    await sendLoad(url, 50);
    await instances[1]?.stop();
    const report = await sendLoad(url, 200);
    expect(report.failed).toBe(0);
    expect((await traffic()).r1?.errors).toBeGreaterThan(0);
  });

  it('tells how long answers take, as they were measured outside', async () => {
    const [slow, quick] = await Promise.all([
      start('slow', 1, { DELAY_MS: '120' }),
      start('quick', 1, { DELAY_MS: '25' }),
    ]);
    const backends = { slow: at(slow), quick: at(quick) };
    const { url } = await ground.route(await freePort(), { slow: 50, quick: 50 }, { backends });
    await sendLoad(url, 100);
    const found = await traffic();
    for (const [revision, delay] of [
      ['slow', 120],
      ['quick', 25],
    ] as const) {
      const { latency, histogram } = found[revision] ?? {};
      // Timers may fire up to a millisecond early.
      expect(latency?.p50).toBeGreaterThanOrEqual(delay - 1);
      const below = histogram?.counts.filter((_, index) => (histogram.bounds[index] ?? 0) < delay - 1);
      expect(below?.every((count) => count === 0)).toBe(true);
      expect(histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(50);
    }
    expect(found.quick?.latency.p50).toBeLessThan(found.slow?.latency.p50 ?? 0);
  });
});

describe('connections', () => {
  it('are all let go after a load of kept ones, new ones and WebSockets', async () => {
    const [r1, r2] = await Promise.all([start('r1', 2), start('r2', 2)]);
    const { url } = await ground.route(await freePort(), { r1: 50, r2: 50 }, { backends: { r1: at(r1), r2: at(r2) } });
    const agent = await ground.agentPid();
    const port = Number(new URL(url).port);
    await sendLoad(url, 20);
    const quiet = socketsOf(agent);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => EchoSocket.open(url)));
    for (let round = 0; round < 3; round++) {
      const report = await sendLoad(url, 1_000, { kept: 16, fresh: 16 });
      expect(report.failed).toBe(0);
      // What is new and what is gone, all the time.
      await ground.route(port, round % 2 ? { r1: 100 } : { r2: 100 }, {
        backends: round % 2 ? { r1: at(r1) } : { r2: at(r2) },
      });
    }
    expect(await sockets[0]?.echo('still here')).toMatch(/still here$/);
    for (const socket of sockets) await socket.close();
    await until(async () => Object.values(await traffic()).every(({ open }) => open === 0));
    await ground.route(port, {}, { backends: {} });
    await until(() => socketsOf(agent) <= quiet || `${socketsOf(agent)} sockets, of ${quiet}`);
  });
});
