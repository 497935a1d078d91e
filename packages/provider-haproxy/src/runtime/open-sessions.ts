import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/core/provider';
import { ownerOf } from '../config/declared.ts';
import { type StatRow, stats, workers } from './tables.ts';

const MASTER_BUSY_MS = 2_000;

export interface Watched {
  /** The service's backend. */
  backend: string;
  revision: string;
  slots?: readonly number[];
}

/**
 * How many requests and tunnels are open to a revision. Workers of before a reload count too: also the idle
 * connections of users that they still have, since the next request on one goes to servers that it knows.
 */
export async function openSessions(
  { statsSocket, masterSocket }: { statsSocket: string; masterSocket?: string },
  watched: Watched,
  signal: AbortSignal,
): Promise<number> {
  let open = atServers(await stats(statsSocket, signal), watched).open;
  if (masterSocket === undefined) return open;
  for (const pid of await oldWorkers(masterSocket, signal)) {
    const rows = await stats(masterSocket, signal, `@!${pid} `);
    const there = atServers(rows, watched);
    open += there.open + (there.known ? idleConnections(rows, watched.backend) : 0);
  }
  return open;
}

/** A master that is taking a new config answers in a moment. One that is gone has no workers left: they end with it. */
async function oldWorkers(masterSocket: string, signal: AbortSignal): Promise<number[]> {
  const deadline = Date.now() + MASTER_BUSY_MS;
  for (;;) {
    try {
      return (await workers(masterSocket, signal)).old;
    } catch (error) {
      if (!(error instanceof SlipwayError && error.retryable)) throw error;
      if (Date.now() > deadline) return [];
      await sleep(50, undefined, { signal });
    }
  }
}

function atServers(rows: readonly StatRow[], { backend, revision, slots }: Watched): { open: number; known: boolean } {
  const own = rows.filter(({ pxname = '', svname = '' }) => {
    const owner = belongs(pxname, backend) ? ownerOf(svname) : undefined;
    return owner?.revision === revision && (slots === undefined || slots.includes(owner.slot));
  });
  return { open: own.reduce((sum, { scur }) => sum + Number(scur), 0), known: own.length > 0 };
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
