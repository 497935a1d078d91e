import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { equalJson, type RevisionTraffic } from '@slipway/core/provider';
import type { RouteRequest } from './backend.ts';
import { type Destinations, Exchange } from './exchange.ts';
import type { Answering, Listener } from './listener.ts';
import { placeRevision, type Revision, retirePool } from './revision.ts';
import { RevisionCounter } from './revision-counter.ts';
import { WeightedChoice } from './weighted-choice.ts';

/** One service's traffic: which revisions there are, who gets how much, and what they did with it. */
export class Route implements Answering, Destinations {
  readonly key: string;
  readonly holdMs: number;
  #revisions = new Map<string, Revision>();
  #weights: Readonly<Record<string, number>> = {};
  #choice = new WeightedChoice<Revision>([]);
  /** Of every revision that has a backend or an open request. */
  readonly #counters = new Map<string, RevisionCounter>();

  constructor(key: string, holdMs: number) {
    this.key = key;
    this.holdMs = holdMs;
  }

  get weights(): Record<string, number> {
    return { ...this.#weights };
  }

  choose(): Revision | undefined {
    return this.#choice.next();
  }

  counter(revision: string): RevisionCounter | undefined {
    return this.#counters.get(revision);
  }

  traffic(): Record<string, RevisionTraffic> {
    return Object.fromEntries([...this.#counters].map(([name, counter]) => [name, counter.traffic()]));
  }

  /** Takes effect between two requests: there is no moment with half of it. */
  apply(request: Pick<RouteRequest, 'backends' | 'weights'>): void {
    const before = this.#revisions;
    const after = new Map<string, Revision>();
    for (const [name, backend] of Object.entries(request.backends)) {
      const counter = this.#counters.get(name) ?? new RevisionCounter();
      this.#counters.set(name, counter);
      after.set(name, placeRevision(name, backend, before.get(name), counter));
    }
    const unchanged = equalJson(request.weights, this.#weights) && sameRevisions(before, after);
    this.#revisions = after;
    this.#weights = { ...request.weights };
    // Repeating a request must not begin the cycle of choices anew: that would favour the first revision.
    if (!unchanged) {
      this.#choice = new WeightedChoice(
        [...after.values()].map((revision) => [revision, request.weights[revision.name] ?? 0]),
      );
    }
    for (const revision of before.values()) if (!after.has(revision.name)) this.#forget(revision);
  }

  /** No revision gets anything any more. */
  empty(): void {
    this.apply({ backends: {}, weights: {} });
  }

  request(incoming: IncomingMessage, response: ServerResponse, listener: Listener): void {
    if (listener.stopped) response.shouldKeepAlive = false;
    new Exchange(this, incoming, response).begin();
  }

  upgrade(incoming: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    socket.on('error', () => socket.destroy());
    new Exchange(this, incoming, response, socket).begin();
  }

  #forget(revision: Revision): void {
    retirePool(revision.pool);
    const { counter, name } = revision;
    const drop = () => {
      if (!this.#revisions.has(name) && this.#counters.get(name) === counter) this.#counters.delete(name);
    };
    if (counter.open === 0) drop();
    else {
      const stop = counter.onIdle(() => {
        stop();
        drop();
      });
    }
  }
}

function sameRevisions(a: ReadonlyMap<string, Revision>, b: ReadonlyMap<string, Revision>): boolean {
  return a.size === b.size && [...a].every(([name, revision]) => b.get(name) === revision);
}
