import { type RevisionTraffic, SlipwayError } from '@slipway/core/provider';
import type { Backend, ServiceRouter } from '../router/index.ts';
import type { AgentStore, RouteRow } from './agent-store.ts';
import { HOST } from './hosted-revision.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { RevisionName } from './locations.ts';

/** How often a route is tried again whose port was taken when an agent came back. */
const RETRY_MS = 2_000;

export interface RouteTableOptions {
  store: AgentStore;
  router: ServiceRouter;
  backends(environment: string, service: string): Record<string, Backend>;
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
    return [...this.#routes.values()].map(({ port }) => port);
  }

  /** Opens what is recorded. A port that someone took meanwhile is tried again until it is free. */
  async restore(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((row) => this.refresh(row.environment, row.service)));
  }

  /** Sets all weights of a service at once. Throws `revision-unknown`, `port-in-use`; then all is as before. */
  async set(row: RouteRow): Promise<{ url: string }> {
    await this.#inTurn(row.environment, row.service, async (key) => {
      const { environment, service, port, weights } = row;
      const backends = this.#options.backends(environment, service);
      const missing = Object.keys(weights).find((revision) => weights[revision] && !backends[revision]);
      if (missing !== undefined) throw unknownRevision(service, missing);
      const before = this.#routes.get(key);
      this.#options.store.saveRoute(row);
      try {
        await this.#options.router.setRoute({ key, port, backends, weights });
        this.#routes.set(key, row);
      } catch (error) {
        if (before) this.#options.store.saveRoute(before);
        else this.#options.store.removeRoute(environment, service);
        throw error;
      }
    });
    return { url: `http://${HOST}:${row.port}` };
  }

  /** Follows a change of where the service's revisions are; those that can't be reached get nothing meanwhile. */
  async refresh(environment: string, service: string): Promise<void> {
    await this.#inTurn(environment, service, (key) => this.#apply(key));
  }

  /** The revision is gone, and with it its weight: should it come back, it comes without traffic. */
  async forget({ environment, service, revision }: RevisionName): Promise<void> {
    await this.#inTurn(environment, service, async (key) => {
      const row = this.#routes.get(key);
      if (!row) return;
      const { [revision]: _gone, ...weights } = row.weights;
      this.#options.store.saveRoute({ ...row, weights });
      this.#routes.set(key, { ...row, weights });
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
      if (router.port(keyOf(environment, service)) === port) return { environment, service };
    }
    return undefined;
  }

  traffic(environment: string, service: string): Record<string, RevisionTraffic> {
    return this.#options.router.traffic(keyOf(environment, service));
  }

  drain(name: { environment: string; service: string; revision: string }, drainMs: number, signal: AbortSignal) {
    return this.#options.router.drain(keyOf(name.environment, name.service), name.revision, drainMs, signal);
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  async #apply(key: string): Promise<void> {
    const row = this.#routes.get(key);
    if (!row) return;
    const backends = this.#options.backends(row.environment, row.service);
    const weights = Object.fromEntries(Object.entries(row.weights).filter(([revision]) => backends[revision]));
    try {
      await this.#options.router.setRoute({ key, port: row.port, backends, weights });
    } catch (error) {
      this.#options.log(`route ${key}: ${(error as Error).message}`);
      this.#retryLater();
    }
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

function unknownRevision(service: string, revision: string): SlipwayError {
  return new SlipwayError('revision-unknown', `Revision ${revision} of ${service} doesn't run here.`, {
    subject: `service:${service}`,
    hint: 'It may have been retired, or its files are gone: deploy the service again.',
  });
}

const keyOf = (environment: string, service: string) => `${environment}/${service}`;
