import {
  type Platform,
  type PlatformCapabilities,
  type Provider,
  type RevisionRequest,
  SlipwayError,
} from '@slipway/core/provider';
import { actOn, type MemoryPlatformOptions } from './memory-act.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import { memoryRouter } from './memory-router.ts';

const CAPABILITIES: PlatformCapabilities = {
  strategies: ['recreate', 'blue-green', 'rolling', 'canary'],
  staticSites: false,
  instantSwitchBack: true,
  instances: true,
  images: false,
  limits: false,
  volumes: false,
};

/** A provider named `memory` with a platform and a router of that name, both on one cluster. */
export function memoryRollouts(cluster: MemoryCluster, options: MemoryPlatformOptions = {}): Provider {
  return {
    name: 'memory',
    resourceTypes: [],
    platforms: [memoryPlatform(cluster, options)],
    routers: [memoryRouter(cluster, options)],
  };
}

/** A platform named `memory`: its revisions are entries of a {@link MemoryCluster}, its routes really answer. */
export function memoryPlatform(cluster: MemoryCluster, options: MemoryPlatformOptions = {}): Platform {
  const act = actOn(cluster, options);
  return {
    name: 'memory',
    capabilities: { ...CAPABILITIES, ...options.capabilities },
    ...(options.router === false ? {} : { router: memoryRouter(cluster, options) }),
    ...(options.instances ? { instances: options.instances } : {}),
    ...(options.publish === true
      ? {
          publish: (context, { service, revision, artifact }) =>
            act(
              context,
              { call: 'publish', service, revision },
              async () => void cluster.published.add(artifact.digest),
            ),
        }
      : {}),
    stage: (context, request) => {
      const { leaveRunning, slots, ...rest } = request;
      const { service, revision } = rest;
      return act(context, { call: 'stage', service, revision, slots }, async () => {
        if (options.publish === true && !cluster.published.has(request.artifact.digest)) throw notPublished(request);
        const { most } = options.instances?.(context.platform) ?? { most: Number.POSITIVE_INFINITY };
        if (slots.some((slot) => slot >= most)) throw noRoom(request, most);
        const key = `${service}/${revision}`;
        const before = cluster.revisions.get(key);
        const left = (leaveRunning && before?.slots) || [];
        const startedWith = Object.fromEntries(
          slots.map((slot) => [slot, (left.includes(slot) && before?.startedWith[slot]) || rest.env]),
        );
        const since = before?.since ?? cluster.calls.length;
        cluster.revisions.set(key, { ...rest, slots: slots.toSorted((a, b) => a - b), startedWith, since });
        return { preview: `memory://${key}` };
      });
    },
    probe: (context, { service, revision, slots }) =>
      act(context, { call: 'probe', service, revision, ...(slots ? { slots } : {}) }, async () => {
        const running = cluster.revisions.get(`${service}/${revision}`);
        const probed = slots ?? running?.slots ?? [];
        if (!running || probed.length === 0 || probed.some((slot) => !running.slots.includes(slot)))
          return { kind: 'unhealthy', reason: 'it does not run' };
        const ill = probed.some((slot) => cluster.isIll(running, slot));
        return ill ? { kind: 'unhealthy', reason: 'it is ill' } : { kind: 'healthy' };
      }),
    async endpoints(_, { service, revisions }) {
      return Object.fromEntries(revisions.map((revision) => [revision, cluster.endpointsOf(service, revision)]));
    },
    retire: (context, { service, revision }) =>
      act(context, { call: 'retire', service, revision }, async () => {
        cluster.revisions.delete(`${service}/${revision}`);
      }),
    list: (context) =>
      act(context, { call: 'list', service: '' }, async () => {
        const { routes } = cluster;
        return [...cluster.revisions.values()].map(({ service, revision, slots, ending = [] }) => ({
          service,
          revision,
          state: slots.length > 0 && ending.length === 0 ? 'running' : 'stopped',
          instances: slots.length,
          slots: [...slots],
          preview: `memory://${service}/${revision}`,
          restarts: 0,
          startedAt: null,
          ...(options.router === false ? {} : { weight: routes[service]?.[revision] ?? 0 }),
        }));
      }),
    recover: (context, service) =>
      act(context, { call: 'recover', service }, async () =>
        [...cluster.revisions.values()]
          .filter((one) => one.service === service)
          .map(({ record, slots }) => ({ record: structuredClone(record), slots: [...slots] })),
      ),
    checkPort: (context, { service, port }) =>
      act(context, { call: 'checkPort', service }, async () => {
        const holder = cluster.foreignPorts.get(port);
        return holder === undefined ? { kind: 'free' } : { kind: 'taken', holder };
      }),
    async *logs() {},
    cost: options.cost ?? (() => 0),
  };
}

function noRoom({ service, slots }: RevisionRequest, most: number): SlipwayError {
  return new SlipwayError(
    'no-room',
    `${service} is to have the instances ${slots.join(', ')}: there is room for ${most}.`,
    {
      subject: `service:${service}`,
      hint: 'Ask for fewer.',
      details: { effect: 'none' },
    },
  );
}

function notPublished({ service, revision }: { service: string; revision: string }): SlipwayError {
  return new SlipwayError('not-published', `${service} ${revision} was never published here.`, {
    subject: `service:${service}`,
    hint: 'Publish it first.',
    details: { effect: 'none' },
  });
}
