import { type RevisionTraffic, SlipwayError } from '@slipway/core/provider';
import { checkRoute, type RouteRequest } from './backend.ts';
import { DirectRoutes } from './direct-routes.ts';
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
  /** Where users reach it. */
  listener: Listener;
  /** Where revisions are reached alone, by port. */
  previews: Map<number, Listener>;
}

/**
 * A reverse proxy in this process: each route listens on a port and spreads its requests over the
 * revisions of one service by weight, and over the instances of a revision in turn; HTTP/1.1 with keep-alive on both sides, and anything that begins as
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
      const served = await this.#listen(request, route, before);
      route.apply(request);
      this.#served.set(request.key, served);
      const kept = new Set(listenersOf(served));
      for (const listener of listenersOf(before)) if (!kept.has(listener)) this.#stop(listener);
      return { port: served.listener.port };
    });
  }

  /**
   * Resolves as soon as the revision (or these instances of it) has no open request or tunnel, or with their number
   * when `drainMs` is over. A revision that isn't known has none. It doesn't keep new ones away: take the weight first.
   */
  async drain(
    key: string,
    request: { revision: string; slots?: readonly number[]; drainMs: number },
    signal?: AbortSignal,
  ): Promise<Drained> {
    const counter = this.#served.get(key)?.route.counter(request.revision);
    if (!counter) return { kind: 'drained' };
    return await waitUntilIdle(counter, { slots: request.slots, limitMs: request.drainMs, signal });
  }

  /** Since each revision got its first backend; nothing for a route that isn't there. */
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

  /** Where its revisions are reached alone. */
  previewPorts(key: string): number[] {
    return [...(this.#served.get(key)?.previews.keys() ?? [])];
  }

  /** Frees the port at once; what is in flight is finished. Safe to repeat. */
  removeRoute(key: string): Promise<void> {
    return this.#inOrder(key, async () => {
      const served = this.#served.get(key);
      if (!served) return;
      this.#served.delete(key);
      for (const listener of listenersOf(served)) this.#stop(listener);
      served.route.empty();
    });
  }

  /** Removes every route and cuts off what is still open. */
  async close(): Promise<void> {
    await Promise.all([...this.#served.keys()].map((key) => this.removeRoute(key)));
    await Promise.all([...this.#lingering].map((listener) => listener.destroy()));
  }

  /** All that the route is to listen on, what it has already included, or nothing new. */
  async #listen(request: RouteRequest, route: Route, before: Served | undefined): Promise<Served> {
    const had = new Map(listenersOf(before).map((listener) => [listener.port, listener]));
    const opened: Listener[] = [];
    const open = async (port: number) => {
      const listener = had.get(port) ?? (await this.#open(request.key, port, route));
      if (!had.has(port)) opened.push(listener);
      return listener;
    };
    try {
      const listener = before && request.port === 0 ? before.listener : await open(request.port);
      const previews = new Map<number, Listener>();
      for (const port of new DirectRoutes(request.routes ?? []).ports) {
        if (port === listener.port) throw taken(request.key, port, 'its own users');
        previews.set(port, await open(port));
      }
      return { route, listener, previews };
    } catch (error) {
      for (const listener of opened) this.#stop(listener);
      throw error;
    }
  }

  async #open(key: string, port: number, route: Route): Promise<Listener> {
    const holder = [...this.#served].find(([, served]) => listenersOf(served).some((one) => one.port === port));
    if (holder) throw taken(key, port, holder[0]);
    return await Listener.open(this.#host, port, key, route);
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

function listenersOf(served: Served | undefined): Listener[] {
  return served ? [served.listener, ...served.previews.values()] : [];
}

function taken(key: string, port: number, holder: string): SlipwayError {
  return new SlipwayError('port-in-use', `Port ${port} is already taken by ${holder}.`, {
    subject: key,
    hint: 'Give one of the two another port.',
  });
}
