import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RevisionRequest } from '@slipway/core/provider';

/** A revision that runs in a {@link MemoryCluster}. */
export interface MemoryRevision extends RevisionRequest {
  /** When it was staged, as a number of this cluster's calls. */
  since: number;
}

/** One call that reached the cluster. */
export interface ClusterCall {
  call: 'stage' | 'probe' | 'retire' | 'list' | 'checkPort' | 'setWeights' | 'weights' | 'drain' | 'remove';
  /** Empty for `list`, which asks about everything. */
  service: string;
  /** Of what is staged, probed, retired or drained. */
  revision?: string;
  weights?: Readonly<Record<string, number>>;
  /** 1 for the first call of this kind for this service. */
  number: number;
}

interface Route {
  weights: Record<string, number>;
  server: Server;
  url: string;
}

/**
 * Where services of a {@link memoryPlatform} run: entries in this process's memory, behind routes that really
 * listen on free ports of 127.0.0.1 and answer 200 while every revision with weight is well. It outlives
 * the platform that acts on it. Close it at the end.
 */
export class MemoryCluster {
  /** By `service/revision`. */
  readonly revisions = new Map<string, MemoryRevision>();
  readonly calls: ClusterCall[] = [];
  /** Says which revisions are not well. Default: all are. */
  isIll: (revision: MemoryRevision) => boolean = () => false;
  /** Ports that somebody else has, with that one as people would name it. */
  readonly foreignPorts = new Map<number, string>();
  readonly #routes = new Map<string, Route>();
  readonly #counts = new Map<string, number>();

  record(call: Omit<ClusterCall, 'number'>): ClusterCall {
    const key = `${call.call} ${call.service}`;
    const number = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, number);
    const recorded = { ...call, number };
    this.calls.push(recorded);
    return recorded;
  }

  /** Weights by service. */
  get routes(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.#routes].map(([service, { weights }]) => [service, { ...weights }]));
  }

  /** Opens the service's route when there is none, and returns where it is. */
  async route(service: string, weights: Readonly<Record<string, number>>): Promise<string> {
    const known = this.#routes.get(service);
    if (known) {
      known.weights = { ...weights };
      return known.url;
    }
    const server = createServer((_, response) => {
      response.statusCode = this.#answers(service) ? 200 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#routes.set(service, { weights: { ...weights }, server, url });
    return url;
  }

  async unroute(service: string): Promise<void> {
    const route = this.#routes.get(service);
    this.#routes.delete(service);
    route?.server.closeAllConnections();
    await new Promise((resolve) => (route ? route.server.close(resolve) : resolve(undefined)));
  }

  async close(): Promise<void> {
    for (const service of [...this.#routes.keys()]) await this.unroute(service);
  }

  #answers(service: string): boolean {
    const weighted = Object.entries(this.#routes.get(service)?.weights ?? {}).filter(([, weight]) => weight > 0);
    return (
      weighted.length > 0 &&
      weighted.every(([id]) => {
        const revision = this.revisions.get(`${service}/${id}`);
        return revision !== undefined && !this.isIll(revision);
      })
    );
  }
}
