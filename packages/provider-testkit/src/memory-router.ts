import { type Router, type RouterCapabilities, SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { actOn, type MemoryPlatformOptions } from './memory-act.ts';
import type { MemoryCluster } from './memory-cluster.ts';

const CAPABILITIES: RouterCapabilities = {
  weights: true,
  headers: true,
  cookies: true,
  affinity: true,
  previewPort: true,
  webSockets: true,
  latency: true,
};

/** A router named `memory` before a {@link MemoryCluster}: it keeps what it is told, and counts what it is told. */
export function memoryRouter(cluster: MemoryCluster, options: MemoryPlatformOptions = {}): Router {
  const act = actOn(cluster, options);
  return {
    name: 'memory',
    capabilities: { ...CAPABILITIES, ...options.routing },
    setWeights: (context, request) => {
      const { service, weights } = request;
      return act(context, { call: 'setWeights', service, weights }, async () => {
        requireBackends(request);
        return { url: await cluster.route(request) };
      });
    },
    weights: (context, service) =>
      act(context, { call: 'weights', service }, async () => cluster.routes[service] ?? {}),
    drain: (context, { service, revision, slots }) =>
      act(context, { call: 'drain', service, revision, ...(slots ? { slots } : {}) }, async () => ({
        kind: 'drained',
      })),
    traffic: (context, service) => act(context, { call: 'traffic', service }, async () => cluster.trafficOf(service)),
    check: async () => cluster.routerProblems,
    remove: (context, service) => act(context, { call: 'remove', service }, () => cluster.unroute(service)),
  };
}

function requireBackends({ service, weights, routes, backends }: TrafficRequest): void {
  const used = [...Object.keys(weights).filter((id) => weights[id]! > 0), ...routes.map(({ revision }) => revision)];
  const missing = used.find((id) => !backends[id]?.length);
  if (missing === undefined) return;
  throw new SlipwayError('no-backends', `${service} ${missing} is to get traffic, and no instance of it takes part.`, {
    subject: `service:${service}`,
    hint: 'Stage instances of it first.',
    details: { effect: 'none' },
  });
}
