import { join } from 'node:path';
import { checkPlatform } from '@slipway/provider-testkit/platform-conformance';
import { stopAgent } from '../../src/agent/agent-control.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { localRouter } from '../../src/platform/local-router.ts';

checkPlatform('local', async (folder) => ({
  platform: localPlatform,
  router: localRouter,
  options: { platform: { use: 'local' } },
  runs: 'process',
  maxSlots: 6,
  dispose: async () => void (await stopAgent(join(folder, '.slipway'))),
}));
