import { join } from 'node:path';
import { dockerProvider } from '@slipway/provider-docker';
import { localProvider, stopAgent } from '@slipway/provider-local';
import { OwnPodman } from '@slipway/provider-testkit';
import { checkPlatform } from '@slipway/provider-testkit/platform-conformance';
import { requirePart } from '../require.ts';

// Podman speaks Docker's API, with differences: it must keep what the platform promises all the same.

checkPlatform(
  'docker on Podman’s socket',
  async (folder) => {
    const [platform] = dockerProvider.platforms;
    const [router] = localProvider.routers ?? [];
    if (!platform || !router) throw new Error('The provider lacks a part that is tested here.');
    const podman = await OwnPodman.start({ images: ['node:26-slim'] });
    return {
      platform,
      router,
      options: { platform: { use: 'docker', host: podman.host }, router: { use: 'local' } },
      runs: 'image',
      maxSlots: 6,
      async dispose() {
        await stopAgent(join(folder, '.slipway'));
        await podman.stop();
      },
    };
  },
  // Instances answer at ports of this machine, as those of Docker do behind the same router.
  { skip: !requirePart('docker') || !requirePart('podman'), distributes: false },
);
