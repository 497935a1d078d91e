import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, Router } from '@slipway/core/provider';
import { dockerProvider } from '@slipway/provider-docker';
import { haproxyProvider } from '@slipway/provider-haproxy';
import { localProvider, stopAgent } from '@slipway/provider-local';
import { checkPlatform, type PlatformUnderTest } from '@slipway/provider-testkit/platform-conformance';
import { requirePart } from '../require.ts';

// Docker has no router of its own, so it is proven with each of those that may stand before it.

checkPlatform(
  'docker behind haproxy',
  async (folder) => dockerWith(haproxyProvider.routers?.[0], { use: 'haproxy' }, () => endKeepers(folder)),
  { skip: !requirePart('docker') || !requirePart('haproxy') },
);

/** Here containers are reached at ports of this machine, as on an engine whose networks can't be reached from here. */
checkPlatform(
  'docker behind the local router',
  async (folder) => {
    const stop = async () => void (await stopAgent(join(folder, '.slipway')));
    return dockerWith(localProvider.routers?.[0], { use: 'local' }, stop, { reach: 'published' });
  },
  { skip: !requirePart('docker') },
);

function dockerWith(
  router: Router | undefined,
  routerOptions: JsonObject,
  endRouter: () => Promise<void>,
  more: JsonObject = {},
): PlatformUnderTest {
  const [platform] = dockerProvider.platforms;
  if (!platform || !router) throw new Error('The provider lacks a part that is tested here.');
  // Nobody else's: the engine is shared.
  const project = `platforms-${randomBytes(4).toString('hex')}`;
  return {
    platform,
    router,
    options: { platform: { use: 'docker', project, ...more }, router: routerOptions },
    runs: 'image',
    maxSlots: 6,
    async dispose() {
      await endRouter();
      removeAllOf(project);
    },
  };
}

/** What retiring leaves on purpose (images), and what checks that failed half-way left besides. */
function removeAllOf(project: string): void {
  const label = `label=slipway.project=${project}`;
  const remove = (list: string[], ...how: string[]) => {
    const found = execFileSync('docker', [...list, '--quiet', '--filter', label], { encoding: 'utf8' });
    const ids = new Set(found.split('\n').filter((id) => id !== ''));
    if (ids.size > 0) execFileSync('docker', [...how, ...ids], { stdio: 'ignore' });
  };
  remove(['ps', '--all'], 'rm', '--force', '--volumes');
  remove(['network', 'ls'], 'network', 'rm');
  remove(['images'], 'rmi', '--force');
}

/** HAProxy itself ends with the last service; of checks that failed half-way it is left. */
async function endKeepers(folder: string): Promise<void> {
  const places = join(folder, '.slipway', 'haproxy');
  for (const environment of existsSync(places) ? readdirSync(places) : []) {
    const file = join(places, environment, 'keeper.json');
    if (existsSync(file)) process.kill((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, 'SIGTERM');
  }
}
