import { type RevisionTraffic, SlipwayError } from '@slipway/core/provider';
import { checkRoute, type RouteRequest } from './backend.ts';
import { Listener } from './listener.ts';
import { Route } from './route.ts';
import { type Drained, waitUntilIdle } from './wait-until-idle.ts';

export interface ServiceRouterOptions {
  /** Where to listen. Default `127.0.0.1`. */
  host?: string;
  /** How long a request is held while its revision refuses connections. Default 2,000 ms. */
  holdMs?: number;
}

interface Served {
  route: Route;
  listener: Listener;
}

/**
 * A reverse proxy in this process: each route listens on a port and spreads its requests over the
 * revisions of one service by weight, HTTP/1.1 with keep-alive on both sides, and anything that begins as
 * an HTTP upgrade. A change of weights loses no request: what was sent is finished where it is, what comes
 * next follows the new weights.
 */
export class ServiceRouter {
  readonly #host: string;
  readonly #holdMs: number;
  readonly #served = new Map<string, Served>();
  /** Stopped, with requests in flight. */
  readonly #lingering = new Set<Listener>();
  /** The latest change of each key: changes of one route happen one after the other. */
  readonly #changes = new Map<string, Promise<unknown>>();

  constructor(options: ServiceRouterOptions = {}) {
    this.#host = options.host ?? '127.0.0.1';
    this.#holdMs = options.holdMs ?? 2_000;
  }

  /**
   * Starts or changes a route, atomically: what arrives after it resolves sees only the new weights.
   * Another port moves the listener; with port 0 a route keeps the one it has. Safe to repeat. Throws
   * `route-invalid`, `port-in-use` or `port-unavailable`; then the route is as before.
   */
  setRoute(request: RouteRequest): Promise<{ port: number }> {
    return this.#inOrder(request.key, async () => {
      checkRoute(request);
      const before = this.#served.get(request.key);
      const route = before?.route ?? new Route(request.key, this.#holdMs);
      const stays = before && (request.port === 0 || request.port === before.listener.port);
      const listener = stays ? before.listener : await this.#listen(request, route);
      route.apply(request);
      this.#served.set(request.key, { route, listener });
      if (before && !stays) this.#stop(before.listener);
      return { port: listener.port };
    });
  }

  /**
   * Resolves as soon as the revision has no open request or tunnel, or with their number when `drainMs` is
   * over. A revision that isn't known has none. It doesn't keep new ones away: take the weight first.
   */
  async drain(key: string, revision: string, drainMs: number, signal?: AbortSignal): Promise<Drained> {
    const counter = this.#served.get(key)?.route.counter(revision);
    return counter ? await waitUntilIdle(counter, drainMs, signal) : { kind: 'drained' };
  }

  /** Since each revision got its backend; nothing for a route that isn't there. */
  traffic(key: string): Record<string, RevisionTraffic> {
    return this.#served.get(key)?.route.traffic() ?? {};
  }

  /** As set; nothing for a route that isn't there. */
  weights(key: string): Record<string, number> {
    return this.#served.get(key)?.route.weights ?? {};
  }

  /** Where a route listens; undefined for one that isn't there. */
  port(key: string): number | undefined {
    return this.#served.get(key)?.listener.port;
  }

  /** Frees the port at once; what is in flight is finished. Safe to repeat. */
  removeRoute(key: string): Promise<void> {
    return this.#inOrder(key, async () => {
      const served = this.#served.get(key);
      if (!served) return;
      this.#served.delete(key);
      this.#stop(served.listener);
      served.route.empty();
    });
  }

  /** Removes every route and cuts off what is still open. */
  async close(): Promise<void> {
    await Promise.all([...this.#served.keys()].map((key) => this.removeRoute(key)));
    await Promise.all([...this.#lingering].map((listener) => listener.destroy()));
  }

  async #listen(request: RouteRequest, route: Route): Promise<Listener> {
    const holder = [...this.#served].find(([, { listener }]) => listener.port === request.port);
    if (holder) {
      throw new SlipwayError('port-in-use', `Port ${request.port} is already taken by ${holder[0]}.`, {
        subject: request.key,
        hint: 'Give one of the two services another port.',
      });
    }
    return await Listener.open(this.#host, request.port, request.key, route);
  }

  #stop(listener: Listener): void {
    listener.stop();
    this.#lingering.add(listener);
    void listener.closed.then(() => this.#lingering.delete(listener));
  }

  #inOrder<T>(key: string, change: () => Promise<T>): Promise<T> {
    const result = (this.#changes.get(key) ?? Promise.resolve()).then(change, change);
    const settled = result.catch(() => {});
    this.#changes.set(key, settled);
    void settled.then(() => {
      if (this.#changes.get(key) === settled) this.#changes.delete(key);
    });
    return result;
  }
}
