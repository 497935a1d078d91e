import { type Endpoint, type RevisionTraffic, SlipwayError } from '@slipway/core/provider';
import type { Backend, RouteRequest, ServiceRouter } from '../router/index.ts';
import type { AgentStore, RouteRow } from './agent-store.ts';
import { HOST } from './hosted-instance.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { RevisionName } from './locations.ts';
import type { RouteWanted } from './protocol.ts';

/** How often a route is tried again whose port was taken when an agent came back. */
const RETRY_MS = 2_000;

export interface RouteTableOptions {
  store: AgentStore;
  router: ServiceRouter;
  /** Where the agent's own revisions of a service take requests. */
  backends(environment: string, service: string): Record<string, readonly Backend[]>;
  isOwn(name: RevisionName, endpoint: Endpoint): boolean;
  log(line: string): void;
}

/** The services' routes: recorded before they take effect, so that another agent brings them back. */
export class RouteTable {
  readonly #options: RouteTableOptions;
  readonly #routes = new Map<string, RouteRow>();
  readonly #queue = new KeyedQueue();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: RouteTableOptions) {
    this.#options = options;
    for (const row of options.store.routes()) this.#routes.set(keyOf(row.environment, row.service), row);
  }

  get size(): number {
    return this.#routes.size;
  }

  ports(): number[] {
    const ported = [...this.#routes.values()].flatMap(({ routes }) => routes.filter((route) => 'port' in route));
    return [...[...this.#routes.values()].map(({ port }) => port), ...ported.map(({ port }) => port)];
  }

  /** Opens what is recorded. A port that someone took meanwhile is tried again until it is free. */
  async restore(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((row) => this.refresh(row.environment, row.service)));
  }

  /**
   * Distributes a service's traffic anew, all of it. Throws `revision-unknown`, `route-invalid`, `port-in-use`; then
   * all is as before.
   */
  async set(wanted: { environment: string; service: string } & RouteWanted): Promise<{ url: string }> {
    const { environment, service } = wanted;
    await this.#inTurn(environment, service, async (key) => {
      const row = this.#toRow(wanted);
      const request = this.#toRequest(key, row);
      const missing = [
        ...Object.keys(row.weights).filter((revision) => row.weights[revision]),
        ...row.routes.map(({ revision }) => revision),
      ].find((revision) => !request.backends[revision]?.length);
      if (missing !== undefined) throw unknownRevision(service, missing);
      const before = this.#routes.get(key);
      this.#options.store.saveRoute(row);
      try {
        await this.#options.router.setRoute({ ...request, weights: row.weights });
        this.#routes.set(key, row);
      } catch (error) {
        if (before) this.#options.store.saveRoute(before);
        else this.#options.store.removeRoute(environment, service);
        throw error;
      }
    });
    return { url: `http://${HOST}:${wanted.port}` };
  }

  /** Follows a change of where the service's revisions are; those that can't be reached get nothing meanwhile. */
  async refresh(environment: string, service: string): Promise<void> {
    await this.#inTurn(environment, service, (key) => this.#apply(key));
  }

  /**
   * The agent's own revision, or this instance of it, is gone, and with it what it had of the traffic: should it come
   * back, it comes without.
   */
  async forget({ environment, service, revision }: RevisionName, slot?: number): Promise<void> {
    await this.#inTurn(environment, service, async (key) => {
      const before = this.#routes.get(key);
      const had = before?.backends[revision];
      if (!before || (!had && !(revision in before.weights))) return;
      const left = (had ?? []).filter((one) => !one.own || (slot !== undefined && one.slot !== slot));
      const row =
        left.length > 0 ? { ...before, backends: { ...before.backends, [revision]: left } } : without(before, revision);
      this.#options.store.saveRoute(row);
      this.#routes.set(key, row);
      await this.#apply(key);
    });
  }

  async remove(environment: string, service: string): Promise<'removed' | 'absent'> {
    return await this.#inTurn(environment, service, async (key) => {
      this.#options.store.removeRoute(environment, service);
      const there = this.#routes.delete(key);
      await this.#options.router.removeRoute(key);
      return there ? 'removed' : 'absent';
    });
  }

  /** In force now; nothing while the port can't be had. */
  weights(environment: string, service: string): Record<string, number> {
    return this.#options.router.weights(keyOf(environment, service));
  }

  /** Whose route listens on a port; undefined also for one that can't have the port that it is to have. */
  on(port: number): { environment: string; service: string } | undefined {
    const { router } = this.#options;
    for (const { environment, service } of this.#routes.values()) {
      const key = keyOf(environment, service);
      if (router.port(key) === port || router.previewPorts(key).includes(port)) return { environment, service };
    }
    return undefined;
  }

  traffic(environment: string, service: string): Record<string, RevisionTraffic> {
    return this.#options.router.traffic(keyOf(environment, service));
  }

  drain(
    request: { environment: string; service: string; revision: string; slots?: readonly number[]; drainMs: number },
    signal: AbortSignal,
  ) {
    return this.#options.router.drain(keyOf(request.environment, request.service), request, signal);
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  async #apply(key: string): Promise<void> {
    const row = this.#routes.get(key);
    if (!row) return;
    try {
      await this.#options.router.setRoute(this.#toRequest(key, row));
    } catch (error) {
      this.#options.log(`route ${key}: ${(error as Error).message}`);
      this.#retryLater();
    }
  }

  #toRow(wanted: { environment: string; service: string } & RouteWanted): RouteRow {
    const { environment, service, port, weights, routes, affinity } = wanted;
    const backends = Object.entries(wanted.backends).map(([revision, endpoints]) => {
      const name = { environment, service, revision };
      return [revision, endpoints.map((one) => ({ ...one, own: this.#options.isOwn(name, one) }))] as const;
    });
    return {
      environment,
      service,
      port,
      weights,
      backends: Object.fromEntries(backends),
      routes: [...routes],
      ...(affinity ? { affinity } : {}),
    };
  }

  /** As it can be served now: without what can't be reached. */
  #toRequest(key: string, row: RouteRow): RouteRequest & { backends: Record<string, Backend[]> } {
    const own = this.#options.backends(row.environment, row.service);
    const placed = Object.entries(row.backends).map(([revision, all]): [string, Backend[]] => [
      revision,
      all.flatMap((one) => (one.own ? (own[revision]?.find(({ slot }) => slot === one.slot) ?? []) : reachedAt(one))),
    ]);
    const backends = Object.fromEntries(placed.filter(([, found]) => found.length > 0));
    return {
      key,
      port: row.port,
      backends,
      weights: Object.fromEntries(Object.entries(row.weights).filter(([revision]) => backends[revision])),
      routes: row.routes.filter(({ revision }) => backends[revision]),
      ...(row.affinity ? { affinity: row.affinity } : {}),
    };
  }

  #inTurn<T>(environment: string, service: string, work: (key: string) => Promise<T>): Promise<T> {
    const key = keyOf(environment, service);
    return this.#queue.run(key, () => work(key));
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      for (const { environment, service } of this.#routes.values()) void this.refresh(environment, service);
    }, RETRY_MS).unref();
  }
}

function reachedAt({ slot, host, port }: Endpoint): Backend {
  return { kind: 'http', slot, host, port };
}

function without(row: RouteRow, revision: string): RouteRow {
  const { [revision]: _weight, ...weights } = row.weights;
  const { [revision]: _backends, ...backends } = row.backends;
  return { ...row, weights, backends, routes: row.routes.filter((route) => route.revision !== revision) };
}

function unknownRevision(service: string, revision: string): SlipwayError {
  return new SlipwayError('revision-unknown', `Revision ${revision} of ${service} doesn't run here.`, {
    subject: `service:${service}`,
    hint: 'It may have been retired, or its files are gone: deploy the service again.',
  });
}

const keyOf = (environment: string, service: string) => `${environment}/${service}`;
