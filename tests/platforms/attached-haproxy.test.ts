import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Slipway } from '@slipway/core';
import { stopAgent } from '@slipway/provider-local';
import { freePort, waitUntil, writeSample } from '@slipway/provider-testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTheirs } from '../../packages/provider-haproxy/test/theirs.ts';
import { forgetImages } from '../forget-images.ts';
import { inSession } from '../in-session.ts';
import { requirePart } from '../require.ts';

const STANDS = [
  { platform: 'local', run: { run: 'exec node server.mjs' }, isMissing: !requirePart('haproxy') },
  {
    platform: 'docker',
    run: { dockerfile: 'Dockerfile', containerPort: 8080 },
    isMissing: !requirePart('haproxy') || !requirePart('docker'),
  },
] as const;
type Stand = (typeof STANDS)[number];

/** One service on this machine, behind a HAProxy that somebody else runs. */
async function openProject({ platform, run }: Stand) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-attached-')));
  mkdirSync(join(directory, '.slipway'));
  const port = await freePort();
  const theirs = await startTheirs(port);
  await writeSample(join(directory, 'web'));
  const health = { http: '/healthz', interval: '50ms', healthyAfter: 1 };
  const config = {
    // Nobody else's, since engines are shared.
    name: `attached-${randomBytes(4).toString('hex')}`,
    environments: {
      prod: {
        platform,
        router: { use: 'haproxy', socket: theirs.socket, backends: { web: 'be_shop' } },
      },
    },
    services: { web: { path: 'web', ...run, port, env: { REVISION: 'v1' }, health } },
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'slipway.yaml'), JSON.stringify(config));
  const session = <T>(work: (slipway: Slipway) => Promise<T>): Promise<T> => inSession(directory, work);
  onTestFinished(async () => {
    await session((slipway) => slipway.destroy()).catch(() => {});
    await stopAgent(join(directory, '.slipway'));
    if (platform === 'docker') forgetImages(config.name);
    rmSync(directory, { recursive: true, force: true });
  });
  const status = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
  return { theirs, session, status };
}

describe.each(STANDS)('on $platform, a HAProxy of somebody else that forgets its servers', (stand) => {
  test.skipIf(stand.isMissing)('is told them again by a deployment of the same, and by drift --fix', async () => {
    const { theirs, session, status } = await openProject(stand);
    const plan = () => session((slipway) => slipway.plan());
    const isNobodyServed = async () => (await status()) === 503;
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect(await status()).toBe(200);
    expect((await session((slipway) => slipway.drift())).items).toMatchObject([{ status: 'in-sync' }]);
    expect((await plan()).steps).toEqual([]);
    const [web] = (await session((slipway) => slipway.status())).services;
    // What it is given is not the platform's to tell.
    expect(web?.running).toEqual([expect.not.objectContaining({ weight: expect.anything() })]);

    await theirs.reload();
    // A connection that is kept from before is the worker's of before.
    await waitUntil('nobody is served', isNobodyServed);
    const { items } = await session((slipway) => slipway.drift());
    expect(items).toMatchObject([{ status: 'drifted', differences: [{ path: 'weights', after: {} }] }]);
    expect((await session((slipway) => slipway.fixDrift())).status).toBe('completed');
    expect(await status()).toBe(200);
    expect((await plan()).steps).toEqual([]);

    await theirs.reload();
    await waitUntil('nobody is served', isNobodyServed);
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect(await status()).toBe(200);

    await theirs.restart();
    expect(await status()).toBe(503);
    expect((await plan()).changes).toMatchObject([
      { address: 'service:web', action: 'update', reasons: [{ before: 0, after: 100 }] },
    ]);
    expect((await session((slipway) => slipway.deploy())).status).toBe('completed');
    expect(await status()).toBe(200);
    expect((await session((slipway) => slipway.drift())).items).toMatchObject([{ status: 'in-sync' }]);
    expect((await plan()).steps).toEqual([]);
  });
});
