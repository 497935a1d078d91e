import { Agent } from 'node:http';
import { type Backend, sameBackend } from './backend.ts';
import type { RevisionCounter } from './revision-counter.ts';

/** A revision as the router sees it now: where it answers, its connections and its counts. */
export interface Revision {
  readonly name: string;
  readonly backend: Backend;
  /** Outlives a change of the backend. */
  readonly counter: RevisionCounter;
  /** Kept-alive connections to the backend. */
  readonly pool: Agent;
}

/** Keeps the revision as it is when the backend didn't change, else gives it a new pool and retires the old one. */
export function placeRevision(
  name: string,
  backend: Backend,
  known: Revision | undefined,
  counter: RevisionCounter,
): Revision {
  if (known && sameBackend(known.backend, backend)) return known;
  if (known) retirePool(known.pool);
  return { name, backend, counter, pool: new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 256 }) };
}

/** Closes idle connections now, and those in use when they become free. */
export function retirePool(pool: Agent): void {
  pool.maxFreeSockets = 0;
  for (const sockets of Object.values(pool.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
