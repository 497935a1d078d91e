import { type Backend, ownerOf } from '../config/declared.ts';
import { liveServers } from './tables.ts';

/**
 * A service's weights as HAProxy has them: what was declared when every server is as it follows from that, else the
 * share that each revision really has, in per cent with two decimals.
 */
export async function liveWeights(
  socket: string,
  { name, servers }: Backend,
  declared: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const live = (await liveServers(socket, signal)).filter(
    ({ backend, maintenance, draining, weight }) => backend === name && !maintenance && !draining && weight > 0,
  );
  const wanted = new Map(servers.filter(({ weight }) => weight > 0).map((server) => [server.name, server.weight]));
  if (live.length === wanted.size && live.every((server) => wanted.get(server.name) === server.weight))
    return { ...declared };
  const sum = live.reduce((all, { weight }) => all + weight, 0);
  const shares: Record<string, number> = {};
  for (const server of live) {
    const revision = ownerOf(server.name)?.revision ?? server.name;
    shares[revision] = (shares[revision] ?? 0) + (server.weight / sum) * 100;
  }
  return Object.fromEntries(
    Object.entries(shares).map(([revision, share]) => [revision, Math.round(share * 100) / 100]),
  );
}
