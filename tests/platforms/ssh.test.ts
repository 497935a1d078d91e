import { join } from 'node:path';
import { localProvider, stopAgent } from '@slipway/provider-local';
import { sshProvider } from '@slipway/provider-ssh';
import { startHosts } from '@slipway/provider-testkit';
import { checkPlatform } from '@slipway/provider-testkit/platform-conformance';
import { requirePart } from '../require.ts';

const [platform] = sshProvider.platforms;
const [router] = localProvider.routers ?? [];

checkPlatform(
  'ssh behind the local router',
  async (folder) => {
    const lab = await startHosts(3);
    const hosts = lab.hosts.map(({ name, address, root }) => ({ name, address, root }));
    const { user, keyFile: key, knownHosts } = lab;
    return {
      platform: platform!,
      router: router!,
      options: {
        platform: { use: 'ssh', hosts, user, key, knownHosts, supervisor: 'shell' },
        router: { use: 'local' },
      },
      runs: 'process',
      maxSlots: 3,
      dispose: async () => {
        await stopAgent(join(folder, '.slipway'));
        lab.stop();
      },
    };
  },
  { skip: !requirePart('sshd') },
);
