import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRouter } from '@slipway/provider-testkit/router-conformance';
import { requirePart } from '../../../tests/require.ts';
import { haproxyRouter } from '../src/haproxy-router.ts';

checkRouter(
  'haproxy',
  async (folder) => ({
    router: haproxyRouter,
    options: { platform: { use: 'none' }, router: { use: 'haproxy' } },
    dispose: async () => endLeftKeepers(join(folder, '.slipway', 'haproxy')),
  }),
  { skip: !requirePart('haproxy') },
);

/** Of checks that failed half-way. */
function endLeftKeepers(folder: string): void {
  for (const environment of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, environment, 'keeper.json');
    if (existsSync(file)) process.kill((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, 'SIGTERM');
  }
}
