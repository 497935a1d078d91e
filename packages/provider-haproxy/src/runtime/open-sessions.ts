import { ownerOf } from '../config/declared.ts';
import { leavingWorkers } from './leaving-workers.ts';
import { type StatRow, stats } from './tables.ts';

export interface Watched {
  /** The service's backend. */
  backend: string;
  revision: string;
  slots?: readonly number[];
}

/**
 * How many requests and tunnels are open to a revision. Workers of before a reload count too, and where such a one
 * would still lead to the revision, the idle connections of users that it has: it takes no orders any more, and the
 * next request on one of them goes by what it was told last.
 */
export async function openSessions(
  { statsSocket, masterSocket }: { statsSocket: string; masterSocket?: string },
  watched: Watched,
  signal: AbortSignal,
): Promise<number> {
  let open = atServers(await stats(statsSocket, signal), watched).open;
  if (masterSocket === undefined) return open;
  for (const pid of (await leavingWorkers(masterSocket, signal))?.old ?? []) {
    const rows = await stats(masterSocket, signal, `@!${pid} `);
    const there = atServers(rows, watched);
    open += there.open + (there.leads ? idleConnections(rows, watched.backend) : 0);
  }
  return open;
}

function atServers(rows: readonly StatRow[], { backend, revision, slots }: Watched): { open: number; leads: boolean } {
  const own = rows.filter(({ pxname = '', svname = '' }) => {
    const owner = belongs(pxname, backend) ? ownerOf(svname) : undefined;
    return owner?.revision === revision && (slots === undefined || slots.includes(owner.slot));
  });
  const leads = own.some(({ status = '', weight }) => Number(weight) > 0 && !status.startsWith('MAINT'));
  return { open: own.reduce((sum, { scur }) => sum + Number(scur), 0), leads };
}

function idleConnections(rows: readonly StatRow[], backend: string): number {
  const sum = (kind: string) =>
    rows
      .filter(({ pxname = '', svname }) => svname === kind && belongs(pxname, backend))
      .reduce((all, { scur }) => all + Number(scur), 0);
  return Math.max(0, sum('FRONTEND') - sum('BACKEND'));
}

/** The service's own proxy, or one of its routes or preview ports. */
export const belongs = (proxy: string, service: string) => proxy === service || proxy.startsWith(`${service}:`);
