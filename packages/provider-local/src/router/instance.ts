import type { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { sha256 } from '@slipway/core/provider';
import { type Backend, sameBackend } from './backend.ts';
import { freshConnections, keptConnections } from './connections.ts';
import type { Revision } from './revision.ts';

/** How long an instance that refused a connection is passed over, as long as there are others. */
const REST_MS = 500;

/** One instance as the router sees it now: where it answers, and its connections. */
export class Instance {
  readonly revision: Revision;
  readonly backend: Backend;
  /** What a user's cookie says who is to stay here; tells nothing else. */
  readonly token: string;
  /** Kept-alive connections to it. */
  readonly pool: Agent = keptConnections();
  #restsUntil = 0;

  constructor(revision: Revision, backend: Backend) {
    this.revision = revision;
    this.backend = backend;
    this.token = sha256(`${revision.route} ${revision.name} ${backend.slot}`).slice(0, 20);
  }

  get slot(): number {
    return this.backend.slot;
  }

  /** True for a moment after it refused a connection. */
  get rests(): boolean {
    return this.#restsUntil !== 0 && performance.now() < this.#restsUntil;
  }

  rest(): void {
    this.#restsUntil = performance.now() + REST_MS;
  }

  answers(backend: Backend): boolean {
    return sameBackend(this.backend, backend);
  }

  connections(mayReuse: boolean): Agent {
    return mayReuse ? this.pool : freshConnections;
  }

  /** Closes idle connections now, and those in use when they become free. */
  retire(): void {
    this.pool.maxFreeSockets = 0;
    for (const sockets of Object.values(this.pool.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}
