import { createServer } from 'node:net';
import { SlipwayError } from '@slipway/core/provider';
import type { Engine } from '../engine/connect.ts';
import { LABEL } from '../engine/labels.ts';
import { gatewayOf, type JoinedNetwork } from '../engine/network.ts';
import { publishedAt } from '../engine/published-at.ts';
import { pickAddress } from '../engine/subnet.ts';
import type { Reach } from './container-body.ts';
import { addressOf } from './instance.ts';

/** Below the ports that systems hand out by themselves, so that none of them takes it while its container is stopped. */
const PORTS = { first: 20_000, count: 10_000 };

/** An address or port for a container of this name that nobody on the engine has, also not a stopped container. */
export async function pickReach(
  engine: Engine,
  network: JoinedNetwork,
  name: string,
  refused: ReadonlySet<string>,
): Promise<Reach> {
  const address = network.range && pickAddress(network.range, name, await addressesOn(engine, network.name, refused));
  if (network.range && address === undefined) throw full(engine, `network ${network.name}`);
  const gateway = await gatewayOf(engine, network);
  const reach: Reach = {
    network: network.name,
    ...(address === undefined ? {} : { address }),
    ...(gateway === undefined ? {} : { gateway }),
  };
  const at = publishedAt(engine);
  return at === undefined
    ? reach
    : { ...reach, published: { address: at, port: await pickPort(engine, { name, at }, refused) } };
}

async function addressesOn({ docker }: Engine, network: string, refused: ReadonlySet<string>): Promise<Set<string>> {
  const joined = await docker.listContainers({ all: true, filters: { network: [network] } });
  return new Set([...refused, ...joined.flatMap((one) => addressOf(one.NetworkSettings?.Networks?.[network]) ?? [])]);
}

async function pickPort(
  engine: Engine,
  { name, at: address }: { name: string; at: string },
  refused: ReadonlySet<string>,
): Promise<number> {
  const containers = await engine.docker.listContainers({ all: true });
  const taken = new Set(
    containers.flatMap(({ Ports, Labels }) => [
      Labels?.[LABEL.published]?.split(':')[1],
      ...(Ports ?? []).map((port) => String(port.PublicPort)),
    ]),
  );
  let at = 0;
  for (const char of name) at = (at * 31 + char.charCodeAt(0)) % PORTS.count;
  for (let step = 0; step < PORTS.count; step++) {
    const port = PORTS.first + ((at + step) % PORTS.count);
    if (taken.has(String(port)) || refused.has(String(port))) continue;
    if (!engine.local || (await isFree(address, port))) return port;
  }
  throw full(engine, 'range of ports');
}

/** Asked by listening for a moment: what is bound without answering would be missed otherwise. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Whether the machine has the address at all, the engine will say.
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EADDRNOTAVAIL'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function full({ place }: Engine, what: string): SlipwayError {
  return new SlipwayError('docker-addresses-used-up', `The ${what} has no address left for another container.`, {
    subject: `environment:${place.environment}`,
    hint: 'Run fewer instances, or remove containers that are no longer needed.',
  });
}
