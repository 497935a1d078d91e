import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Slipway } from '@slipway/core';
import { stopAgent } from '@slipway/provider-local';
import { freePort, waitUntil, writeSample } from '@slipway/provider-testkit';
import { expect, onTestFinished, test } from 'vitest';
import { defaultRegistry } from '../../packages/cli/src/providers.ts';
import { startTheirs } from '../../packages/provider-haproxy/test/theirs.ts';
import { requirePart } from '../require.ts';

/** One service on this machine, behind a HAProxy that somebody else runs. */
async function openProject() {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-attached-')));
  mkdirSync(join(directory, '.slipway'));
  const port = await freePort();
  const theirs = await startTheirs(port);
  await writeSample(join(directory, 'web'));
  const health = { http: '/healthz', interval: '50ms', healthyAfter: 1 };
  const config = {
    name: 'attached',
    environments: {
      prod: {
        platform: 'local',
        router: { use: 'haproxy', socket: theirs.socket, backends: { web: 'be_shop' } },
      },
    },
    services: { web: { path: 'web', run: 'exec node server.mjs', port, env: { REVISION: 'v1' }, health } },
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'slipway.yaml'), JSON.stringify(config));
  const session = async <T>(work: (slipway: Slipway) => Promise<T>): Promise<T> => {
    const slipway = await Slipway.open({ directory, registry: defaultRegistry() });
    try {
      return await work(slipway);
    } finally {
      await slipway.close();
    }
  };
  onTestFinished(async () => {
    await session((slipway) => slipway.destroy()).catch(() => {});
    await stopAgent(join(directory, '.slipway'));
    rmSync(directory, { recursive: true, force: true });
  });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
  return { theirs, session, status };
}

test.skipIf(!requirePart('haproxy'))(
  'what a HAProxy of somebody else forgets when it reloads or restarts is seen as drift, and told again',
  async () => {
    const { theirs, session, status } = await openProject();
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect(await status()).toBe(200);
    expect((await session((slipway) => slipway.drift())).items).toMatchObject([{ status: 'in-sync' }]);

    await theirs.reload();
    // A connection that is kept from before is the worker's of before.
    await waitUntil('nobody is served', async () => (await status()) === 503);
    const { items } = await session((slipway) => slipway.drift());
    expect(items).toMatchObject([{ status: 'drifted', differences: [{ path: 'weights', after: {} }] }]);
    expect((await session((slipway) => slipway.fixDrift())).status).toBe('completed');
    expect(await status()).toBe(200);

    await theirs.restart();
    expect(await status()).toBe(503);
    const plan = await session((slipway) => slipway.plan());
    expect(plan.changes).toMatchObject([{ address: 'service:web', action: 'update' }]);
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect(await status()).toBe(200);
    expect((await session((slipway) => slipway.drift())).items).toMatchObject([{ status: 'in-sync' }]);
  },
);
