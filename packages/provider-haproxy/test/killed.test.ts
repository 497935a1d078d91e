import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type CallContext, processStart, SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { waitUntil } from '@slipway/provider-testkit';
import { describe, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { placeOf } from '../src/place.ts';
import type { HaproxyProcesses } from './processes.ts';
import { ask, haproxyRouter, load, openStand, processesOf, requestFor, startInstance } from './stand.ts';

const HAPROXY = ['worker', 'master', 'both'] as const;

function victims({ keepers, masters, workers }: HaproxyProcesses, kind: string): number[] {
  if (kind === 'keeper') return keepers;
  if (kind === 'worker') return workers;
  return [...(kind === 'all' ? keepers : []), ...masters, ...(kind === 'master' ? [] : workers)];
}

async function kill(context: CallContext, kind: string): Promise<void> {
  let pids: number[] = [];
  // While a master becomes its own successor it can't be told by its arguments.
  await waitUntil('there are some', async () => {
    pids = victims(processesOf(context), kind);
    return pids.length > 0;
  });
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // A worker ends with its master.
    }
  }
}

/** Exactly one of each, and none that was there before and was killed. */
async function untilOneRuns(context: CallContext, before: HaproxyProcesses): Promise<void> {
  await waitUntil('one HAProxy runs, and nothing is left of the one before', async () => {
    const now = processesOf(context);
    const isOne = [now.keepers, now.masters, now.workers].every(({ length }) => length === 1);
    return (isOne && now.masters[0] !== before.masters[0]) || { now, before };
  });
}

async function lookAlone({ signal: _, log: __, ...context }: CallContext): Promise<unknown> {
  const args = ['-C', 'slipway-source', join(import.meta.dirname, 'look-alone.ts'), JSON.stringify(context)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function twoRevisions(): Promise<TrafficRequest> {
  const backends = { v1: [await startInstance('v1')], v2: [await startInstance('v2')] };
  return await requestFor(backends, { v1: 75, v2: 25 });
}

/** As the engine does with what may pass. */
async function tell(context: CallContext, request: TrafficRequest): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await haproxyRouter.setWeights(context, request);
      return;
    } catch (error) {
      if (attempt === 5 || !(error instanceof SlipwayError && error.retryable)) throw error;
    }
  }
}

describe.skipIf(!requirePart('haproxy'))('kill -9 of a HAProxy that Slipway runs', () => {
  test.each(HAPROXY)('of the %s: it comes back by itself, as it was, and once', async (kind) => {
    const context = await openStand();
    const request = await twoRevisions();
    await haproxyRouter.setWeights(context, { ...request, weights: { v1: 100 } });
    await haproxyRouter.setWeights(context, request);
    const before = processesOf(context);
    const stop = load(request.port);
    await kill(context, kind);
    await untilOneRuns(context, before);
    await sleep(200);
    await stop();
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 75, v2: 25 });
    expect(await ask(request.port, 100)).toEqual({ v1: 75, v2: 25 });
    expect(processesOf(context).keepers).toEqual(before.keepers);
  });

  test('of the keeper: users notice nothing, and the next call sees to it that HAProxy comes back by itself', async () => {
    const context = await openStand();
    const request = await twoRevisions();
    await haproxyRouter.setWeights(context, request);
    const before = processesOf(context);
    const stop = load(request.port);
    await kill(context, 'keeper');
    await waitUntil('it is gone', async () => processesOf(context).keepers.length === 0);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 75, v2: 25 });
    expect(Object.keys(await stop()).sort()).toEqual(['v1', 'v2']);
    const kept = processesOf(context);
    expect(kept).toMatchObject({ keepers: [expect.any(Number)], masters: before.masters, workers: before.workers });
    for (const kind of HAPROXY) {
      const seen = processesOf(context);
      await kill(context, kind);
      await untilOneRuns(context, seen);
    }
    expect(processesOf(context).keepers).toEqual(kept.keepers);
    await waitUntil('it answers', async () => (await ask(request.port, 1)).failed === undefined);
    expect(await ask(request.port, 100)).toEqual({ v1: 75, v2: 25 });
  });

  test('of all: the next call starts it as it was', async () => {
    const context = await openStand();
    const request = await twoRevisions();
    await haproxyRouter.setWeights(context, request);
    const before = processesOf(context);
    await kill(context, 'all');
    await waitUntil('nothing runs', async () => victims(processesOf(context), 'all').length === 0);
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 75, v2: 25 });
    await untilOneRuns(context, before);
    expect(await ask(request.port, 100)).toEqual({ v1: 75, v2: 25 });
  });

  test('of all, also while somebody was starting it, and several commands look at once: one HAProxy comes', async () => {
    const context = await openStand();
    const request = await twoRevisions();
    await haproxyRouter.setWeights(context, request);
    const before = processesOf(context);
    await kill(context, 'all');
    await waitUntil('nothing runs', async () => victims(processesOf(context), 'all').length === 0);
    const gone = { pid: process.pid, start: `${processStart(process.pid)}1` };
    await writeFile(placeOf(context).starting, JSON.stringify(gone));
    const looks = Array.from({ length: 4 }, () => lookAlone(context));
    // All of them, also when one fails: none is to start it again when the test is over.
    for (const seen of await Promise.allSettled(looks)) expect(seen).toMatchObject({ value: { v1: 75, v2: 25 } });
    await untilOneRuns(context, before);
    expect(await ask(request.port, 20)).toEqual({ v1: 15, v2: 5 });
  });

  test('while weights, servers and routes change: what is told holds, and what was told last is what there is', async () => {
    const context = await openStand();
    const request = await twoRevisions();
    const { v1 = [], v2 = [] } = request.backends;
    const routed = { ...request, routes: [{ revision: 'v2', header: 'x-preview', value: '1' }] };
    const requests: TrafficRequest[] = [
      { ...request, backends: { v1 }, weights: { v1: 100 } },
      request,
      { ...routed, weights: { v1: 40, v2: 60 } },
      { ...request, backends: { v2 }, weights: { v2: 100 } },
    ];
    await haproxyRouter.setWeights(context, request);
    for (let round = 0; round < 12; round++) {
      const wanted = requests[round % requests.length] as TrafficRequest;
      const kind = ['worker', 'master', 'both', 'all'][round % 3 === 0 ? 3 : round % 4] ?? 'all';
      const told = tell(context, wanted);
      await sleep(round * 6);
      await kill(context, kind);
      await told;
      expect(await haproxyRouter.weights(context, 'shop'), `${kind} after ${round * 6} ms`).toEqual(wanted.weights);
      await waitUntil('one HAProxy runs', async () => {
        const { keepers, masters, workers } = processesOf(context);
        return keepers.length + masters.length + workers.length === 3 || { keepers, masters, workers };
      });
    }
    expect(await ask(request.port, 10)).toEqual({ v2: 10 });
  });
});
