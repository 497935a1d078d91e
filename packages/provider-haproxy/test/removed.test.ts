import { rename, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CallContext } from '@slipway/core/provider';
import { waitUntil } from '@slipway/provider-testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { endAll, folderOf, haproxyRouter, openStand, processesOf, requestFor, startInstance } from './stand.ts';

/** With a path that is too long for sockets, they are in the system's temporary folder. */
const LONG = `staging-${'x'.repeat(60)}`;

/** On a connection of its own: one that is kept would keep HAProxy. */
const once = (port: number) =>
  new Promise<string>((resolve, reject) => {
    const asked = get({ port, agent: false }, (response) => resolve(text(response)));
    asked.on('error', reject);
  });

async function untilNothingRuns(context: CallContext): Promise<void> {
  await waitUntil('nothing of it runs', async () => {
    const now = processesOf(context);
    return Object.values(now).flat().length === 0 || now;
  });
}

describe.skipIf(!requirePart('haproxy'))('before it was destroyed', () => {
  test.each([['test'], [LONG]])('a project that is removed takes its HAProxy along (%s)', async (environment) => {
    const context = { ...(await openStand()), environment };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(context, request);
    expect(await once(request.port)).toBe('v1');
    // Again while HAProxy writes to it.
    await rm(context.stateDirectory, { recursive: true, maxRetries: 20 });
    await untilNothingRuns(context);
    await expect(once(request.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each([['test'], [LONG]])('a project that is moved keeps its HAProxy (%s)', async (environment) => {
    const before = { ...(await openStand()), environment };
    const request = await requestFor({ v1: [await startInstance('v1')] }, { v1: 100 });
    await haproxyRouter.setWeights(before, request);
    const [keeper] = processesOf(before).keepers;
    await waitUntil('it is all there', async () => (await haproxyRouter.traffic(before, 'shop')) !== undefined);
    const stateDirectory = join(before.directory, 'moved');
    await rename(before.stateDirectory, stateDirectory);
    const context = { ...before, stateDirectory };
    onTestFinished(() => endAll(folderOf(context)));

    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v1: 100 });
    const backends = { v2: [await startInstance('v2')] };
    const routes = [{ revision: 'v2', header: 'x-preview', value: '1' }];
    await haproxyRouter.setWeights(context, { ...request, backends, routes, weights: { v2: 100 } });
    expect(await once(request.port)).toBe('v2');
    const [master = 0] = processesOf(context).masters;
    process.kill(master, 'SIGKILL');
    await waitUntil('it is back', async () => {
      const { keepers, masters, workers } = processesOf(context);
      expect(keepers).toEqual([keeper]);
      return masters.length === 1 && workers.length === 1 && masters[0] !== master;
    });
    expect(await haproxyRouter.weights(context, 'shop')).toEqual({ v2: 100 });
    await haproxyRouter.remove(context, 'shop');
    await untilNothingRuns(context);
  });
});
