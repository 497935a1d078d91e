import type { CallContext, Endpoint, Router, TrafficRequest } from '@slipway/core/provider';
import type { RevisionOptions } from '../sample/revision.ts';

/** A service of its own, with whatever runs its revisions, and the router before it. One for each check. */
export interface RoutingStand {
  readonly router: Router;
  readonly service: string;
  /** Where users reach the service. */
  readonly port: number;
  context(change?: Partial<CallContext>): CallContext;
  /** Has instances of a revision of the sample service run and answer. Default: number 0 alone. */
  serve(revision: string, options?: RevisionOptions): Promise<void>;
  /** Where the instances that run of a revision answer. */
  endpoints(revision: string): Promise<Endpoint[]>;
  retire(revision: string): Promise<void>;
  /** Leaves nothing of it. */
  close(): Promise<void>;
}

/** Opens a stand; each has a service of its own. */
export type OpenStand = () => Promise<RoutingStand>;

/** What a distribution may have besides weights. */
export interface Distribution extends Partial<Pick<TrafficRequest, 'routes' | 'affinity' | 'backends'>> {
  signal?: AbortSignal;
}

/**
 * Distributes the stand's traffic over the instances of the revisions with weight or route (all of them, where no
 * backends are given), and returns where users reach it.
 */
export async function distribute(
  stand: RoutingStand,
  weights: Record<string, number>,
  { routes = [], affinity, signal, ...others }: Distribution = {},
): Promise<string> {
  const { service, port } = stand;
  const revisions = new Set([...Object.keys(weights), ...routes.map(({ revision }) => revision)]);
  const backends: Record<string, readonly Endpoint[]> = { ...others.backends };
  for (const revision of revisions) backends[revision] ??= await stand.endpoints(revision);
  const { url } = await stand.router.setWeights(stand.context(signal ? { signal } : {}), {
    service,
    port,
    weights,
    backends,
    routes,
    ...(affinity ? { affinity } : {}),
    health: HEALTH,
  });
  return url;
}

const HEALTH = {
  http: '/healthz',
  intervalMs: 500,
  timeoutMs: 5_000,
  healthyAfter: 1,
  unhealthyAfter: 3,
  deadlineMs: 60_000,
};
