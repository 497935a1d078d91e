import { networkInterfaces } from 'node:os';
import { SlipwayError } from '@slipway/core/provider';
import type Docker from 'dockerode';
import type { NetworkInspectInfo } from 'dockerode';
import { isAbsent, statusOf } from '../errors.ts';
import type { Engine } from './connect.ts';
import { inTurn } from './in-turn.ts';
import { LABEL, placeLabels } from './labels.ts';
import { cidrOf, formatAddress, overlaps, type Range } from './subnet.ts';

/** Ours are picked in 10.208.0.0/12: 4,096 networks of 253 addresses. */
const POOL = { start: 0x0a_d0_00_00, count: 4096, prefix: 24 };
const TRIES = 8;

/** A network that containers join. */
export interface JoinedNetwork {
  id: string;
  name: string;
  /** The range that fixed addresses are picked from; absent in a network that others made. */
  range?: Range;
  /** Where containers on it reach the engine's machine: an address, or the engine's own word for it. */
  gateway?: string;
}

/** The engine's word for its machine as seen from its default bridge, where it has one. */
const HOST_GATEWAY = 'host-gateway';

/**
 * Does something on the place's network, which is made when it is missing. Within this process one such thing at a time
 * on an engine: two would pick the same address for different containers.
 */
export function onNetwork<T>(engine: Engine, work: (network: JoinedNetwork) => Promise<T>): Promise<T> {
  return inTurn(engine.host, async () => await work((await lookAt(engine)) ?? (await make(engine))));
}

/** Removes the place's network if Slipway made it and no container, running or not, is on it any more. */
export function dropUnusedNetwork(engine: Engine): Promise<void> {
  const { docker, place } = engine;
  return inTurn(engine.host, async () => {
    const found = await lookAt(engine);
    if (!found?.range) return;
    const joined = await docker.listContainers({ all: true, filters: { network: [place.network] } });
    if (joined.length > 0) return;
    await removeQuietly(docker, found.id);
  });
}

async function lookAt(engine: Engine): Promise<JoinedNetwork | undefined> {
  const found = await theOne(engine);
  if (!found) return undefined;
  const subnet = found.IPAM?.Config?.[0]?.Subnet;
  const range = subnet === undefined ? undefined : cidrOf(subnet);
  const address = found.IPAM?.Config?.[0]?.Gateway;
  return {
    id: found.Id,
    name: engine.place.network,
    // An engine fixes addresses only where the subnet was chosen, not where it chose itself; ours are.
    ...(found.Labels?.[LABEL.project] !== undefined && range ? { range } : {}),
    ...(address ? { gateway: address } : {}),
  };
}

/**
 * Who has the name. An engine lets two runs make networks of one name at the same moment, and then starts no container on
 * either: the older one stays, whoever looks.
 */
async function theOne({ docker, place }: Engine): Promise<NetworkInspectInfo | undefined> {
  const named = await docker.listNetworks({ filters: { name: [place.network] } });
  const [oldest, ...others] = named
    .filter(({ Name }) => Name === place.network)
    .sort((a, b) => (a.Created + a.Id < b.Created + b.Id ? -1 : 1));
  for (const { Id, Labels } of others) if (Labels?.[LABEL.project] !== undefined) await removeQuietly(docker, Id);
  return oldest;
}

async function removeQuietly(docker: Docker, id: string): Promise<void> {
  await docker
    .getNetwork(id)
    .remove()
    .catch((error: unknown) => {
      // Gone already, or somebody joined it just now.
      if (!isAbsent(error) && ![403, 409].includes(statusOf(error) ?? 0)) throw error;
    });
}

/** What Docker's default bridge says of itself. Podman has a network that answers to `bridge`, and no word for its machine. */
const DEFAULT_BRIDGE = 'com.docker.network.bridge.default_bridge';

/** The default bridge's address is the same for every network, so that a router can be bound to it beforehand. */
export async function gatewayOf({ docker }: Engine, { gateway }: JoinedNetwork): Promise<string | undefined> {
  try {
    const { Options }: NetworkInspectInfo = await docker.getNetwork('bridge').inspect();
    return Options?.[DEFAULT_BRIDGE] === 'true' ? HOST_GATEWAY : gateway;
  } catch (error) {
    if (isAbsent(error)) return gateway;
    throw error;
  }
}

async function make(engine: Engine): Promise<JoinedNetwork> {
  const { docker, place } = engine;
  const used = await rangesInUse(engine);
  let refusal: unknown;
  for (const range of candidates(place.network, used)) {
    const subnet = `${formatAddress(range.first)}/${range.prefix}`;
    try {
      await docker.createNetwork({
        Name: place.network,
        CheckDuplicate: true,
        Driver: 'bridge',
        Labels: placeLabels(place),
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: formatAddress(range.first + 1) }] },
      });
    } catch (error) {
      refusal = error;
    }
    // Another run may have made it just now; else the range may be taken by what can't be seen from here.
    const found = await lookAt(engine);
    if (found) return found;
  }
  throw refusal ?? noneLeft(place.network);
}

function noneLeft(network: string): SlipwayError {
  return new SlipwayError('docker-addresses-used-up', `No free range of addresses was found for network ${network}.`, {
    subject: `network:${network}`,
    hint: 'Remove networks that are no longer needed (`docker network prune`), or name an existing one with `network`.',
    retryable: true,
  });
}

/** A few free ranges, beginning where the name falls, so that projects seldom meet. */
function candidates(name: string, used: readonly Range[]): Range[] {
  let at = 0;
  for (const char of name) at = (at * 31 + char.charCodeAt(0)) % POOL.count;
  const free: Range[] = [];
  for (let step = 0; step < POOL.count && free.length < TRIES; step++) {
    const first = POOL.start + ((at + step) % POOL.count) * 256;
    const range = { first, prefix: POOL.prefix };
    if (!used.some((other) => overlaps(range, other))) free.push(range);
  }
  return free;
}

async function rangesInUse({ docker, local }: Engine): Promise<Range[]> {
  const networks = await docker.listNetworks();
  const theirs = networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).map(({ Subnet }) => Subnet));
  const ours = local ? Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ cidr }) => cidr)) : [];
  return [...theirs, ...ours].flatMap((cidr) => cidrOf(cidr ?? '') ?? []);
}
