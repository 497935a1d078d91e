import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requirePart } from '../../../tests/require.ts';
import { SlipwayWalk } from './slipway-walk.ts';

// The README's walk over staging: canaries that a machine judges, and one that a person does.

/** Other copies of the shop may be on the same engine. */
const project = `shop-${randomBytes(4).toString('hex')}`;
const missing = [requirePart('docker'), requirePart('haproxy')].includes(false);
let shop: SlipwayWalk;

beforeAll(async () => {
  if (missing) return;
  shop = await SlipwayWalk.begin('staging', [
    ["platform: 'docker'", `platform: { use: 'docker', project: '${project}' }`],
    ["hold: '10s'", "hold: '3s'"],
    ["interval: '2s'", "interval: '1s'"],
    // Users are slow on a busy machine.
    ['minimumSamples: 10', 'minimumSamples: 3'],
  ]);
}, 60_000);
afterAll(async () => {
  if (missing) return;
  await shop[Symbol.asyncDispose]();
  for (const kind of ['volume', 'network'] as const)
    for (const name of ours(kind)) execFileSync('docker', [kind, 'rm', name]);
}, 60_000);

const ours = (kind: 'container' | 'volume' | 'network') =>
  execFileSync('docker', [
    kind,
    'ls',
    ...(kind === 'container' ? ['-a'] : []),
    '-q',
    '--filter',
    `label=slipway.project=${project}`,
  ])
    .toString()
    .split('\n')
    .filter(Boolean);

test.skipIf(missing)(
  'a good canary, a bad one, one without users, a manual one, rollback, destroy',
  { timeout: 240_000 },
  async () => {
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    const first = await shop.revision('backend');

    // Good: users are there, and all of them are served.
    await shop.walk('change-backend');
    let users = shop.startVisitors('backend');
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    const good = await shop.revision('backend');
    expect(good).not.toBe(first);
    const seen = await users.stop();
    expect(seen).toContain(`200 of ${good}`);
    expect(seen).not.toMatch(/ 5\d\d of|no answer/);

    // Bad: the router's own counts say so, and the traffic is back by itself.
    await shop.walk('break-requests');
    users = shop.startVisitors('backend');
    const bad = await shop.deploy();
    expect(bad).toMatchObject({ code: 3, said: expect.stringContaining('fails its analysis: error-rate') });
    expect(await users.stop()).toContain(' 500 of ');
    expect(await shop.revision('backend')).toBe(good);
    expect((await shop.slipway('events')).said).toContain('error-rate');
    await shop.walk('restore', 'break-requests');

    // Nobody looks, so nobody knows: it waits, and is taken back by hand.
    await shop.walk('new-version');
    expect(await shop.deploy()).toMatchObject({ code: 4, said: expect.stringContaining('inconclusive') });
    expect(await shop.slipway('abort')).toMatchObject({ code: 3 });
    expect(await shop.revision('backend')).toBe(good);

    // A step that waits for a person, users or not: who is asked lets it go on.
    await shop.walk('ask-before-half');
    users = shop.startVisitors('backend');
    expect(await shop.deploy()).toMatchObject({ code: 4 });
    expect(await shop.slipway('continue')).toMatchObject({ code: 0 });
    await users.stop();
    expect(await shop.revision('backend')).not.toBe(good);
    expect(await shop.slipway('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(await shop.revision('backend')).toBe(good);

    expect(await shop.slipway('destroy', '--yes')).toMatchObject({ code: 0 });
    expect(ours('container')).toEqual([]);
    expect(ours('network')).toEqual([]);
  },
);
