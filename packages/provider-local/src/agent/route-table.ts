import { type RevisionTraffic, SlipwayError } from '@slipway/core/provider';
import type { Backend, ServiceRouter } from '../router/index.ts';
import type { AgentStore, RouteRow } from './agent-store.ts';
import { HOST } from './hosted-revision.ts';

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
    const { environment, service, port } = row;
    const key = keyOf(environment, service);
    const backends = this.#options.backends(environment, service);
    const missing = Object.keys(row.weights).find((revision) => row.weights[revision] && !backends[revision]);
    if (missing !== undefined) {
      throw new SlipwayError('revision-unknown', `Revision ${missing} of ${service} doesn't run here.`, {
        subject: `service:${service}`,
        hint: 'It may have been retired, or its files are gone: deploy the service again.',
      });
    }
    const before = this.#routes.get(key);
    this.#options.store.saveRoute(row);
    try {
      await this.#options.router.setRoute({ key, port, backends, weights: row.weights });
      this.#routes.set(key, row);
    } catch (error) {
      if (before) this.#options.store.saveRoute(before);
      else this.#options.store.removeRoute(environment, service);
      throw error;
    }
    return { url: `http://${HOST}:${port}` };
  }

  /** Follows a change of the service's revisions. Those that are gone lose their weight. */
  async refresh(environment: string, service: string): Promise<void> {
    const key = keyOf(environment, service);
    const row = this.#routes.get(key);
    if (!row) return;
    const backends = this.#options.backends(environment, service);
    const weights = Object.fromEntries(Object.entries(row.weights).filter(([revision]) => backends[revision]));
    try {
      await this.#options.router.setRoute({ key, port: row.port, backends, weights });
    } catch (error) {
      this.#options.log(`route ${key}: ${(error as Error).message}`);
      this.#retryLater();
    }
  }

  async remove(environment: string, service: string): Promise<'removed' | 'absent'> {
    const key = keyOf(environment, service);
    const there = this.#routes.delete(key);
    this.#options.store.removeRoute(environment, service);
    await this.#options.router.removeRoute(key);
    return there ? 'removed' : 'absent';
  }

  /** In force now; nothing while the port can't be had. */
  weights(environment: string, service: string): Record<string, number> {
    return this.#options.router.weights(keyOf(environment, service));
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

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      for (const { environment, service } of this.#routes.values()) void this.refresh(environment, service);
    }, RETRY_MS).unref();
  }
}

const keyOf = (environment: string, service: string) => `${environment}/${service}`;
