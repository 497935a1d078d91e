import { join } from 'node:path';
import { localProvider, stopAgent } from '@slipway/provider-local';
import { sshProvider } from '@slipway/provider-ssh';
import { startSystemdHosts } from '@slipway/provider-testkit';
import { checkPlatform } from '@slipway/provider-testkit/platform-conformance';
import { requirePart } from '../require.ts';

const [platform] = sshProvider.platforms;
const [router] = localProvider.routers ?? [];

checkPlatform(
  'ssh with systemd behind the local router',
  async (folder) => {
    const lab = await startSystemdHosts(3);
    const { keyFile: key, knownHosts } = lab;
    const hosts = lab.hosts.map(({ name, address }) => ({ name, address }));
    return {
      platform: platform!,
      router: router!,
      options: {
        platform: { use: 'ssh', hosts, user: 'root', key, knownHosts, supervisor: 'systemd' },
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
  // Where instances answer doesn't depend on what keeps them running.
  { skip: !requirePart('systemd-host'), distributes: false },
);
