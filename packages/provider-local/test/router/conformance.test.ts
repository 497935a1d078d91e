import { join } from 'node:path';
import { checkRouter } from '@slipway/provider-testkit/router-conformance';
import { stopAgent } from '../../src/agent/agent-control.ts';
import { localRouter } from '../../src/platform/local-router.ts';

// What stands behind it here are processes that no agent knows of, as those of another platform would be.
checkRouter('local', async (folder) => ({
  router: localRouter,
  options: { platform: { use: 'elsewhere' }, router: { use: 'local' } },
  dispose: async () => void (await stopAgent(join(folder, '.slipway'))),
}));
