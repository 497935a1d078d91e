import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from '../../../tests/crash/processes.ts';
import { requirePart } from '../../../tests/require.ts';
import { SlipwayWalk } from './slipway-walk.ts';

// The README's walk over staging: canaries that a machine judges, and one that a person does. Each test goes on where the
// one before ended.

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
  // Images are kept as stock for a way back.
  const format = '{{.Repository}}:{{.Tag}}';
  const images = execFileSync('docker', ['image', 'ls', '--format', format, `slipway/${project}/*`]).toString();
  execFileSync('docker', ['image', 'rm', ...images.split('\n').filter(Boolean)]);
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

/** Of each part: seconds, and minutes on a busy machine. */
const timeout = 180_000;

describe.skipIf(missing)('staging', () => {
  let first: string | null;
  let good: string | null;

  test('a good canary gets all of the traffic, and every user is served', { timeout }, async () => {
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    first = await shop.revision('backend');
    await shop.walk('change-backend');
    const users = shop.startVisitors('backend');
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    good = await shop.revision('backend');
    expect(good).not.toBe(first);
    const seen = await users.stop();
    expect(seen).toContain(`200 of ${good}`);
    expect(seen).not.toMatch(/ 5\d\d of|no answer/);
  });

  test('a bad one goes back by itself, for its errors', { timeout }, async () => {
    await shop.walk('break-requests');
    const users = shop.startVisitors('backend');
    const said = expect.stringContaining('fails its analysis: error-rate');
    expect(await shop.deploy()).toMatchObject({ code: 3, said });
    expect(await users.stop()).toContain(' 500 of ');
    expect(await shop.revision('backend')).toBe(good);
    await shop.walk('restore', 'break-requests');
  });

  test('one that nobody looks at waits, and is aborted', { timeout }, async () => {
    await shop.walk('new-version');
    expect(await shop.deploy()).toMatchObject({ code: 4, said: expect.stringContaining('inconclusive') });
    expect(await shop.slipway('abort')).toMatchObject({ code: 3 });
    expect(await shop.revision('backend')).toBe(good);
  });

  test('one that waits for a person is continued, and rolled back', { timeout }, async () => {
    await shop.walk('ask-before-half');
    const users = shop.startVisitors('backend');
    expect(await shop.deploy()).toMatchObject({ code: 4 });
    expect(await shop.slipway('continue')).toMatchObject({ code: 0 });
    await users.stop();
    expect(await shop.revision('backend')).not.toBe(good);
    expect(await shop.slipway('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(await shop.revision('backend')).toBe(good);
  });

  test('destroyed, it leaves nothing but its data', { timeout }, async () => {
    expect(await shop.slipway('destroy', '--yes')).toMatchObject({ code: 0 });
    expect(ours('container')).toEqual([]);
    expect(ours('network')).toEqual([]);
    await expect.poll(() => processesOf(shop.directory), { timeout: 60_000, interval: 500 }).toEqual([]);
  });
});
