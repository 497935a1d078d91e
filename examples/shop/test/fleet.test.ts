import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesOf } from '../../../tests/crash/processes.ts';
import { requirePart } from '../../../tests/require.ts';
import { SlipwayWalk } from './slipway-walk.ts';

// The README's walk over the fleet: three hosts on this machine, one after another, and all of them back.

const missing = [requirePart('sshd'), requirePart('haproxy')].includes(false);
let shop: SlipwayWalk;

beforeAll(async () => {
  if (!missing) shop = await SlipwayWalk.begin('fleet', [['minimumSamples: 10', 'minimumSamples: 3']]);
}, 60_000);
afterAll(async () => {
  if (missing) return;
  // What a failed test left runs on the hosts, so these go after it.
  await shop.slipway('destroy', '--yes');
  await shop.walk('hosts', 'down');
  await shop[Symbol.asyncDispose]();
}, 60_000);

const namespaces = () => execFileSync('ip', ['netns', 'list']).toString();

test.skipIf(missing)(
  'hosts, a good release, rollback, a bad one, destroy, and nothing is left',
  { timeout: 240_000 },
  async () => {
    expect((await shop.slipway('validate')).code).toBe(0);
    expect(await shop.walk('hosts', 'up')).toMatchObject({ code: 0, said: expect.stringContaining('web3') });
    expect((await shop.walk('hosts', 'up')).said).toContain('run already');
    const { bridge } = JSON.parse(readFileSync(join(shop.directory, '.data/fleet/made.json'), 'utf8')) as {
      bridge: string;
    };
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    const first = await shop.revision('admin');
    const database = '.data/fleet/web1/shop/fleet/backend/shared/shop.db';
    expect(existsSync(join(shop.directory, database))).toBe(true);

    await shop.walk('change-brand');
    let users = shop.startVisitors('admin');
    expect(await shop.deploy()).toMatchObject({ code: 0 });
    expect(await users.stop()).not.toMatch(/ 5\d\d of|no answer/);
    const good = await shop.revision('admin');
    expect(good).not.toBe(first);

    expect(await shop.slipway('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(await shop.revision('admin')).toBe(first);

    await shop.walk('break-pages');
    users = shop.startVisitors('admin');
    const bad = await shop.deploy();
    expect(bad).toMatchObject({ code: 3, said: expect.stringContaining('fails its analysis: error-rate') });
    await users.stop();
    expect(await shop.revision('admin')).toBe(first);

    expect(await shop.slipway('destroy', '--yes')).toMatchObject({ code: 0 });
    const left = () => processesOf(shop.directory).filter(({ command }) => !command.includes('sshd'));
    // HAProxy ends when the last connection that users keep open has.
    await expect.poll(left, { timeout: 60_000, interval: 500 }).toEqual([]);
    expect(await shop.walk('hosts', 'down')).toMatchObject({ code: 0 });
    expect(processesOf(shop.directory)).toEqual([]);
    expect(namespaces()).not.toContain(bridge);
  },
);
