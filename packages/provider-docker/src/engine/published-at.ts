import { SlipwayError } from '@slipway/core/provider';
import type { Engine } from './connect.ts';

const LOOPBACK = '127.0.0.1';

/** What decides how a router reaches containers. */
export type Reaching = Pick<Engine, 'options' | 'host' | 'local' | 'remote'>;

/**
 * The address of the engine's machine at which containers' ports are published; undefined where the router reaches them on
 * their network. Throws `docker-publish-missing` where nobody says at which: another machine's loopback leads nowhere.
 */
export function publishedAt(engine: Reaching): string | undefined {
  const { options, local, remote, host } = engine;
  const byDefault = local && process.platform === 'linux' ? 'network' : 'published';
  if ((options.reach ?? byDefault) === 'network') return undefined;
  const address = options.publish ?? (remote ? undefined : LOOPBACK);
  if (address !== undefined) return address;
  throw new SlipwayError(
    'docker-publish-missing',
    `The engine at ${host} is another machine's, and nothing says at which of its addresses a router reaches containers.`,
    {
      subject: 'platform:docker',
      hint:
        'Set `publish` under the environment’s platform to an address of that machine that the router reaches, and that ' +
        'strangers don’t; 127.0.0.1 where the router runs there too; or `reach: network` where its networks are routed.',
      details: { effect: 'none' },
    },
  );
}
