import { networkInterfaces } from 'node:os';
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
  name: string;
  /** The range that fixed addresses are picked from; absent in a network that others made. */
  range?: Range;
}

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
    await docker
      .getNetwork(place.network)
      .remove()
      .catch((error: unknown) => {
        // Gone already, or somebody joined it just now.
        if (!isAbsent(error) && ![403, 409].includes(statusOf(error) ?? 0)) throw error;
      });
  });
}

async function lookAt({ docker, place }: Engine): Promise<JoinedNetwork | undefined> {
  const found = await docker
    .getNetwork(place.network)
    .inspect()
    .catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
  if (!found) return undefined;
  const subnet = found.IPAM?.Config?.[0]?.Subnet;
  const range = subnet === undefined ? undefined : cidrOf(subnet);
  // An engine fixes addresses only where the subnet was chosen, not where it chose itself; ours are.
  return found.Labels?.[LABEL.project] !== undefined && range
    ? { name: place.network, range }
    : { name: place.network };
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
      return { name: place.network, range };
    } catch (error) {
      // Another run may have made it just now; else the range may be taken by what can't be seen from here.
      const found = await lookAt(engine);
      if (found) return found;
      refusal = error;
    }
  }
  throw refusal;
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
