import {
  type CallContext,
  type RevisionTraffic,
  type Router,
  SlipwayError,
  type TrafficRequest,
} from '@slipway/core/provider';
import { attachedProblems } from './attached-problems.ts';
import { readRecord } from './attached-record.ts';
import { attached, clearAttachedOf, distributeAttached, isAttached, takeAwayAttached } from './attached-router.ts';
import { isOpen } from './check-request.ts';
import { backendsOf } from './config/declared.ts';
import { waitUntilDrained } from './drain.ts';
import {
  clearOf,
  declaredTo,
  distribute,
  isAlive,
  managed,
  managedAsItRuns,
  managedPort,
  takeAway,
} from './managed-router.ts';
import { movedFrom, movedProblems } from './moved.ts';
import { backendOf, haproxyOptions, programOf, readOptions } from './options.ts';
import { hasPlace } from './place.ts';
import { takenAt } from './port.ts';
import { checkVersion } from './process/check-version.ts';
import { ensureRunning } from './process/running.ts';
import { type Either, routersWith } from './routers-with.ts';
import { liveWeights } from './runtime/live-weights.ts';
import { openSessions } from './runtime/open-sessions.ts';
import { countAll } from './traffic/count.ts';
import { trafficOf } from './traffic/counts.ts';

/** Either way, what looking needs: where to ask, and what the service was told last. */
interface Seen {
  sockets: { statsSocket: string; masterSocket?: string };
  backend: string;
  request: TrafficRequest;
  clear(): Promise<void>;
  counters: string;
}

/** Distributes traffic with HAProxy: one that Slipway runs, or with the option `socket` one that runs already. */
export const haproxyRouter: Router = {
  name: 'haproxy',
  schema: haproxyOptions.omit({ use: true }),
  capabilities: {
    weights: true,
    headers: true,
    cookies: true,
    affinity: true,
    previewPort: true,
    webSockets: true,
    latency: true,
  },

  // Rules of routes and the table of durations are in the config, which is somebody else's then.
  lacks: ({ socket }) => (socket === undefined ? [] : ['headers', 'cookies', 'previewPort', 'latency']),

  async setWeights(context, request) {
    const router = routerOf(context);
    const having = await routersWith(router, request.service);
    const moved = isOpen(request) ? movedFrom(router, having, request.service) : undefined;
    if (moved) throw moved;
    for (const each of having) await (isAttached(each) ? distributeAttached(each, request) : distribute(each, request));
    return { url: urlOf(router.options.bind, request.port) };
  },

  async weights(context, service) {
    return await look(context, service, {}, async ({ request, backend, sockets }) => {
      const [own] = backendsOf(request, backend);
      return own ? await liveWeights(sockets.statsSocket, own, request.weights, context.signal) : {};
    });
  },

  async drain(context, { service, drainMs, revision, slots }) {
    const seen = await see(context, service);
    if (!seen) return { kind: 'drained' };
    const watched = { backend: seen.backend, revision, drainMs, ...(slots ? { slots } : {}) };
    const outcome = await waitUntilDrained(seen.sockets, watched, context.signal);
    await seen.clear();
    return outcome;
  },

  async traffic(context, service) {
    return await look(context, service, {}, async ({ sockets, backend, counters, request }) => {
      const counting = { file: counters, ...sockets };
      const { counts, waiting, measures } = await countAll(counting, { service, backend }, context.signal);
      for (const revision of Object.keys(request.weights)) counts[revision] ??= { requests: 0, errors: 0, took: {} };
      const traffic: Record<string, RevisionTraffic> = {};
      for (const [revision, counted] of Object.entries(counts)) {
        const open = await openSessions(sockets, { backend, revision }, context.signal);
        traffic[revision] = trafficOf(counted, { open, waiting: waiting[revision] ?? 0 }, measures);
      }
      return traffic;
    });
  },

  async remove(context, service) {
    const router = routerOf(context);
    // One of Slipway's own that ended isn't started again to be told that: somebody else may have its ports.
    if (!isAttached(router)) await takeAway(router, service);
    else if (await isAlive(router)) await takeAway(await managedAsItRuns(router), service);
    await takeAwayAttached(router, service);
  },

  async check(context, services) {
    const options = readOptions(context);
    try {
      const moved = hasPlace(context) ? await movedProblems(routerOf(context), services) : [];
      const { socket } = options;
      if (socket !== undefined) {
        return [...moved, ...(await attachedProblems(attached(context, options, socket), services, context.signal))];
      }
      await checkVersion(programOf(context, options), context.signal);
      return moved;
    } catch (error) {
      if (error instanceof SlipwayError) return [error];
      throw error;
    }
  },

  async checkPort(context, { port }) {
    const router = routerOf(context);
    if (!isAttached(router)) return await managedPort(router, port);
    // The frontend is that HAProxy's own, and whoever listens where it should is taken for it.
    const isOwn = (await takenAt(router.options.bind, port, context.signal)) !== undefined;
    return { kind: isOwn ? 'own' : 'free' };
  },
};

function routerOf(context: CallContext): Either {
  const options = readOptions(context);
  return options.socket === undefined ? managed(context, options) : attached(context, options, options.socket);
}

/** Looks once more where HAProxy ended in this moment and comes back. */
async function look<T>(context: CallContext, service: string, none: T, at: (seen: Seen) => Promise<T>): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    const seen = await see(context, service);
    if (!seen) return none;
    try {
      return await at(seen);
    } catch (error) {
      if (isAgain || !(error instanceof SlipwayError && error.code === 'haproxy-unreachable')) throw error;
    }
  }
}

/** Undefined: the service has no route. Starts HAProxy again where it is to run and doesn't. */
async function see(context: CallContext, service: string): Promise<Seen | undefined> {
  const [router] = await routersWith(routerOf(context), service);
  const request = (isAttached(router) ? await readRecord(router.place) : await declaredTo(router))[service];
  if (!request) return undefined;
  const { counters, statsSocket, masterSocket } = router.place;
  if (isAttached(router)) {
    const sockets = { statsSocket: router.socket };
    return {
      sockets,
      backend: backendOf(router, service),
      request,
      counters,
      clear: () => clearAttachedOf(router, service),
    };
  }
  await ensureRunning(context, router.place, router.options.command);
  return {
    sockets: { statsSocket, masterSocket },
    backend: service,
    request,
    counters,
    clear: () => clearOf(router, service),
  };
}

/** At the first of the addresses. */
function urlOf([bind = '']: readonly string[], port: number): string {
  const everywhere = bind === '*' || bind === '0.0.0.0' || bind === '::';
  const host = everywhere ? '127.0.0.1' : bind;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
