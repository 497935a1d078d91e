import type { CallContext, Platform, PlatformCapabilities, Router } from '@slipway/core/provider';
import { type Fault, withFault } from './fault.ts';
import type { ClusterCall, MemoryCluster } from './memory-cluster.ts';

export interface MemoryPlatformOptions {
  /** What goes wrong. Default: nothing. */
  fault?: Fault<ClusterCall>;
  /** Laid over what it can: recreate and blue-green, without static sites. */
  capabilities?: Partial<PlatformCapabilities>;
  /** What a revision costs. Default: nothing. */
  cost?: NonNullable<Platform['cost']>;
}

const CAPABILITIES: PlatformCapabilities = {
  strategies: ['recreate', 'blue-green'],
  staticSites: false,
  weights: true,
  instantSwitchBack: true,
  webSockets: false,
  instances: false,
  sessionAffinity: false,
};

type Act = <T>(context: CallContext, head: Omit<ClusterCall, 'number'>, effect: () => Promise<T>) => Promise<T>;

/** A platform named `memory`: its revisions are entries of a {@link MemoryCluster}, its routes really answer. */
export function memoryPlatform(cluster: MemoryCluster, options: MemoryPlatformOptions = {}): Platform {
  const act = actor(cluster, options);
  return {
    name: 'memory',
    capabilities: { ...CAPABILITIES, ...options.capabilities },
    router: memoryRouter(cluster, act),
    stage: (context, request) => {
      const { service, revision } = request;
      return act(context, { call: 'stage', service, revision }, async () => {
        const key = `${service}/${revision}`;
        if (!cluster.revisions.has(key)) cluster.revisions.set(key, { ...request, since: cluster.calls.length });
        return { preview: `memory://${key}` };
      });
    },
    probe: (context, { service, revision }) =>
      act(context, { call: 'probe', service, revision }, async () => {
        const running = cluster.revisions.get(`${service}/${revision}`);
        if (!running) return { kind: 'unhealthy', reason: 'it does not run' };
        return cluster.isIll(running) ? { kind: 'unhealthy', reason: 'it is ill' } : { kind: 'healthy' };
      }),
    retire: (context, { service, revision }) =>
      act(context, { call: 'retire', service, revision }, async () => {
        cluster.revisions.delete(`${service}/${revision}`);
      }),
    list: (context) =>
      act(context, { call: 'list', service: '' }, async () => {
        const { routes } = cluster;
        return [...cluster.revisions.values()].map(({ service, revision }) => ({
          service,
          revision,
          state: 'running',
          instances: 1,
          preview: `memory://${service}/${revision}`,
          restarts: 0,
          startedAt: null,
          weight: routes[service]?.[revision] ?? 0,
        }));
      }),
    checkPort: (context, { service, port }) =>
      act(context, { call: 'checkPort', service }, async () => {
        const holder = cluster.foreignPorts.get(port);
        return holder === undefined ? { kind: 'free' } : { kind: 'taken', holder };
      }),
    async *logs() {},
    cost: options.cost ?? (() => 0),
  };
}

function memoryRouter(cluster: MemoryCluster, act: Act): Router {
  return {
    setWeights: (context, { service, weights }) =>
      act(context, { call: 'setWeights', service, weights }, async () => ({
        url: await cluster.route(service, weights),
      })),
    weights: (context, service) =>
      act(context, { call: 'weights', service }, async () => cluster.routes[service] ?? {}),
    drain: (context, { service, revision }) =>
      act(context, { call: 'drain', service, revision }, async () => ({ kind: 'drained' })),
    traffic: async () => ({}),
    remove: (context, service) => act(context, { call: 'remove', service }, () => cluster.unroute(service)),
  };
}

/** Wraps each effect with what the options ask for. */
function actor(cluster: MemoryCluster, { fault }: MemoryPlatformOptions): Act {
  return async (context, head, effect) => {
    const call = cluster.record(head);
    context.signal.throwIfAborted();
    return await withFault(call, fault, effect);
  };
}
