import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint, RevisionRequest, RevisionTraffic, RouterProblem, TrafficRequest } from '@slipway/core/provider';
import { MemoryTraffic } from './memory-traffic.ts';

/** A revision that runs in a {@link MemoryCluster}; `slots` are its instances that run, `env` what it was given last. */
export interface MemoryRevision extends Omit<RevisionRequest, 'slots' | 'leaveRunning'> {
  slots: number[];
  /** Instances that are being ended, and that nobody took away yet. */
  ending?: number[];
  /** What each of its instances was started with, by number. */
  startedWith: Record<number, Record<string, string>>;
  /** When it was staged, as a number of this cluster's calls. */
  since: number;
}

/** One call that reached the cluster. `endpoints` is none: it is asked before each switch, and changes nothing. */
export interface ClusterCall {
  call:
    | 'publish'
    | 'stage'
    | 'probe'
    | 'retire'
    | 'list'
    | 'recover'
    | 'checkPort'
    | 'setWeights'
    | 'weights'
    | 'drain'
    | 'traffic'
    | 'remove';
  /** Empty for `list`, which asks about everything. */
  service: string;
  /** Of what is published, staged, probed, retired or drained. */
  revision?: string;
  /** Of what is staged, and of what is probed or drained where not all of it is. */
  slots?: readonly number[];
  weights?: Readonly<Record<string, number>>;
  /** 1 for the first call of this kind for this service. */
  number: number;
}

interface Route {
  request: TrafficRequest;
  server: Server;
  url: string;
}

/**
 * Where services of a {@link memoryPlatform} run: entries in this process's memory, behind routes that really
 * listen on free ports of 127.0.0.1 and answer 200 while every instance that takes part is well. It outlives
 * the platform that acts on it. Close it at the end.
 */
export class MemoryCluster {
  /** By `service/revision`. */
  readonly revisions = new Map<string, MemoryRevision>();
  /** Digests of the artifacts that were published. */
  readonly published = new Set<string>();
  readonly calls: ClusterCall[] = [];
  /** Says which revisions, or which of their instances, are not well. Default: all are. */
  isIll: (revision: MemoryRevision, slot: number) => boolean = () => false;
  /** Ports that somebody else has, with that one as people would name it. */
  readonly foreignPorts = new Map<number, string>();
  /** What keeps the router from its work. */
  routerProblems: RouterProblem[] = [];
  /** What the router counted: nothing comes in by itself. */
  readonly traffic = new MemoryTraffic();
  /** Told before the router's counts are read, so that a test can have requests come in as time goes by. */
  beforeTraffic: (service: string) => void = () => {};
  /** Told of each request that really comes in on a service's route, so that a test can have it counted. */
  onRequest: (service: string) => void = () => {};
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
    return Object.fromEntries([...this.#routes].map(([service, { request }]) => [service, { ...request.weights }]));
  }

  /** All that the router was told last, or undefined without a route. */
  distribution(service: string): TrafficRequest | undefined {
    return structuredClone(this.#routes.get(service)?.request);
  }

  /** Ends one instance, as a crash that nobody mends would. */
  stopInstance(service: string, revision: string, slot: number): void {
    const running = this.revisions.get(`${service}/${revision}`);
    if (running) running.slots = running.slots.filter((one) => one !== slot);
  }

  /** As when the call that ends one instance dies once it was told to end: it counts no more, and is there until the next. */
  beginEnding(service: string, revision: string, slot: number): void {
    this.stopInstance(service, revision, slot);
    const running = this.revisions.get(`${service}/${revision}`);
    if (running) running.ending = [...(running.ending ?? []), slot];
  }

  /** Where the instances of a revision would answer, if they were more than entries. */
  endpointsOf(service: string, revision: string): Endpoint[] {
    const running = this.revisions.get(`${service}/${revision}`);
    return (running?.slots ?? []).map((slot) => ({ slot, host: `${revision}.memory`, port: 1 + slot }));
  }

  /** Counts of a service's revisions that have weight, zeros before anything came in. */
  trafficOf(service: string): Record<string, RevisionTraffic> {
    this.beforeTraffic(service);
    return this.traffic.read(service, Object.keys(this.#routes.get(service)?.request.weights ?? {}));
  }

  /** Opens the service's route when there is none, and returns where it is. */
  async route(request: TrafficRequest): Promise<string> {
    const { service } = request;
    const known = this.#routes.get(service);
    if (known) {
      known.request = structuredClone(request);
      return known.url;
    }
    const server = createServer((_, response) => {
      this.onRequest(service);
      response.statusCode = this.#answers(service) ? 200 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#routes.set(service, { request: structuredClone(request), server, url });
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
    const { weights = {}, backends = {} } = this.#routes.get(service)?.request ?? {};
    const weighted = Object.keys(weights).filter((id) => weights[id]! > 0);
    return (
      weighted.length > 0 &&
      weighted.every((id) => (backends[id] ?? []).every(({ slot }) => this.#isWell(service, id, slot)))
    );
  }

  #isWell(service: string, id: string, slot: number): boolean {
    const revision = this.revisions.get(`${service}/${id}`);
    return revision?.slots.includes(slot) === true && !this.isIll(revision, slot);
  }
}
