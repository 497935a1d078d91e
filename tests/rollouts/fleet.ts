import { startHosts } from '@slipway/provider-testkit';
import type { Ground } from './pairs.ts';

const HOSTS = 3;

/** Three hosts with addresses of their own, reached over SSH. */
export async function startFleet(): Promise<Ground> {
  const lab = await startHosts(HOSTS);
  const hosts = lab.hosts.map(({ name, address, hostKey, root }) => ({ name, address, hostKey, root }));
  return {
    platform: { use: 'ssh', user: lab.user, key: lab.keyFile, hosts, supervisor: 'shell' },
    router: 'haproxy',
    marks: lab.hosts.map(({ root }) => root),
    strays: () => [],
    dispose: async () => lab.stop(),
  };
}
