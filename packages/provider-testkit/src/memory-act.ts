import type { CallContext, Platform, PlatformCapabilities, RouterCapabilities } from '@slipway/core/provider';
import { type Fault, withFault } from './fault.ts';
import type { ClusterCall, MemoryCluster } from './memory-cluster.ts';

export interface MemoryPlatformOptions {
  /** What goes wrong. Default: nothing. */
  fault?: Fault<ClusterCall>;
  /** Laid over what it can: all but static sites, images, limits and volumes. */
  capabilities?: Partial<PlatformCapabilities>;
  /** Laid over what its router can: everything. */
  routing?: Partial<RouterCapabilities>;
  /** False: it has no router of its own, so that the environment must name one. Default true. */
  router?: boolean;
  /** True: releases must be published before they can be staged. Default false. */
  publish?: boolean;
  /** How many instances a revision has here. Default: 1, and any number. */
  instances?: NonNullable<Platform['instances']>;
  /** What a revision costs. Default: nothing. */
  cost?: NonNullable<Platform['cost']>;
}

/** Does what a call is for, on the record of the cluster's calls. */
export type Act = <T>(context: CallContext, head: Omit<ClusterCall, 'number'>, effect: () => Promise<T>) => Promise<T>;

/** Wraps each effect with what the options ask for. */
export function actOn(cluster: MemoryCluster, { fault }: MemoryPlatformOptions): Act {
  return async (context, head, effect) => {
    const call = cluster.record(head);
    context.signal.throwIfAborted();
    return await withFault(call, fault, effect);
  };
}
