import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkRouter } from '@slipway/provider-testkit/router-conformance';
import { requirePart } from '../../../tests/require.ts';
import { endAll, haproxyRouter } from './stand.ts';

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
async function endLeftKeepers(folder: string): Promise<void> {
  for (const environment of existsSync(folder) ? readdirSync(folder) : []) await endAll(join(folder, environment));
}
