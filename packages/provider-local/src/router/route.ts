import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Affinity, equalJson, type RevisionTraffic } from '@slipway/core/provider';
import type { RouteRequest } from './backend.ts';
import { cookieValue, sessionCookie } from './cookies.ts';
import { DirectRoutes } from './direct-routes.ts';
import { type Destinations, Exchange } from './exchange.ts';
import type { Instance } from './instance.ts';
import type { Answering, Listener } from './listener.ts';
import { Revision } from './revision.ts';
import type { RevisionCounter } from './revision-counter.ts';
import { WeightedChoice } from './weighted-choice.ts';

/** So many revisions that no longer take part keep their counts: the ones that left last. */
const KEPT_COUNTS = 20;

/** One service's traffic: which revisions there are, who gets how much, and what they did with it. */
export class Route implements Answering, Destinations {
  readonly key: string;
  readonly holdMs: number;
  /** Those that take part, and those whose counts are kept, which have no instances. */
  readonly #revisions = new Map<string, Revision>();
  #weights: Readonly<Record<string, number>> = {};
  #choice = new WeightedChoice<Revision>([]);
  #direct = new DirectRoutes([]);
  #affinity: Affinity | undefined;

  constructor(key: string, holdMs: number) {
    this.key = key;
    this.holdMs = holdMs;
  }

  get weights(): Record<string, number> {
    return { ...this.#weights };
  }

  choose(incoming: IncomingMessage, port: number): Instance | undefined {
    const previewed = this.#direct.ofPort(port);
    if (previewed !== undefined) return this.#revisions.get(previewed)?.next();
    const sticky = this.#affinity && this.#instanceOf(cookieValue(incoming.headers.cookie, this.#affinity.cookie));
    const direct = this.#revisions.get(this.#direct.ofRequest(incoming) ?? '');
    if (direct && direct.instances.length > 0) return sticky?.revision === direct ? sticky : direct.next();
    if (sticky && (this.#weights[sticky.revision.name] ?? 0) > 0) return sticky;
    return this.#choice.next()?.next();
  }

  cookieFor(instance: Instance, incoming: IncomingMessage, port: number): string | undefined {
    if (!this.#affinity || !this.#weights[instance.revision.name]) return undefined;
    if (this.#direct.ofPort(port) !== undefined || this.#direct.ofRequest(incoming) !== undefined) return undefined;
    const { cookie } = this.#affinity;
    if (cookieValue(incoming.headers.cookie, cookie) === instance.token) return undefined;
    return sessionCookie(cookie, instance.token);
  }

  counter(revision: string): RevisionCounter | undefined {
    return this.#revisions.get(revision)?.counter;
  }

  traffic(): Record<string, RevisionTraffic> {
    return Object.fromEntries([...this.#revisions].map(([name, { counter }]) => [name, counter.traffic()]));
  }

  /** Takes effect between two requests: there is no moment with half of it. */
  apply(request: Pick<RouteRequest, 'backends' | 'weights' | 'routes' | 'affinity'>): void {
    const { backends, weights, routes = [], affinity } = request;
    const before = new Set(this.#revisions.values());
    for (const [name, instances] of Object.entries(backends)) {
      const revision = this.#revisions.get(name) ?? new Revision(this.key, name);
      this.#revisions.set(name, revision);
      revision.place(instances);
      before.delete(revision);
    }
    for (const revision of before) this.#retire(revision);
    this.#direct = new DirectRoutes(routes);
    this.#affinity = affinity;
    // Repeating a request must not begin the cycle of choices anew: that would favour the first revision.
    if (!equalJson(weights, this.#weights)) {
      this.#choice = new WeightedChoice(
        Object.keys(backends).map((name) => [this.#revisions.get(name) as Revision, weights[name] ?? 0]),
      );
    }
    this.#weights = { ...weights };
    this.#forgetOldest();
  }

  /** No revision gets anything any more. */
  empty(): void {
    this.apply({ backends: {}, weights: {} });
  }

  request(incoming: IncomingMessage, response: ServerResponse, listener: Listener): void {
    if (listener.stopped) response.shouldKeepAlive = false;
    new Exchange(this, listener.port, incoming, response).begin();
  }

  upgrade(incoming: IncomingMessage, socket: Socket, listener: Listener): void {
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    socket.on('error', () => socket.destroy());
    new Exchange(this, listener.port, incoming, response, socket).begin();
  }

  #instanceOf(token: string | undefined): Instance | undefined {
    if (token === undefined) return undefined;
    for (const { instances } of this.#revisions.values()) {
      const found = instances.find((instance) => instance.token === token);
      if (found) return found;
    }
    return undefined;
  }

  /** It keeps its counts, as the newest of those that left. */
  #retire(revision: Revision): void {
    if (revision.instances.length === 0) return;
    revision.place([]);
    this.#revisions.delete(revision.name);
    this.#revisions.set(revision.name, revision);
  }

  #forgetOldest(): void {
    const gone = [...this.#revisions.values()].filter(
      ({ instances, counter }) => instances.length === 0 && counter.open() === 0,
    );
    for (const { name } of gone.slice(0, Math.max(0, gone.length - KEPT_COUNTS))) this.#revisions.delete(name);
  }
}
