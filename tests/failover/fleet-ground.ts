import { startHosts } from '@slipway/provider-testkit';
import { processesOf } from '../crash/processes.ts';
import type { Ground, Victim } from './ground.ts';
import { HAPROXY } from './haproxy-victim.ts';

const HOSTS = 3;

/** Hosts with networks of their own, behind HAProxy: a host's network and HAProxy can be taken away. */
export async function openFleetGround(): Promise<Ground> {
  const lab = await startHosts(HOSTS);
  const networks = lab.hosts.map(
    ({ name }, index): Victim => ({
      name: `the network of ${name}`,
      hit: async () => lab.cut(index),
      mend: async () => lab.mend(index),
    }),
  );
  const hosts = lab.hosts.map(({ name, address, hostKey, root }) => ({ name, address, hostKey, root }));
  return {
    platform: { use: 'ssh', user: lab.user, key: lab.keyFile, hosts, supervisor: 'shell', connectTimeout: '3s' },
    router: 'haproxy',
    runs: 'process',
    victims: [...networks, HAPROXY],
    instances: () =>
      lab.hosts
        .flatMap(({ root }) => processesOf(root))
        .filter(({ command, env }) => env.REVISION !== undefined && command.endsWith('server.mjs'))
        .map(({ pid, env }) => `${env.REVISION} as process ${pid}`),
    close: async () => lab.stop(),
  };
}
