import { type CallContext, SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { attachedProblems, refuseUnfit } from './attached-problems.ts';
import {
  earlierPlace,
  readRecord,
  serversOfOthers,
  type Told,
  type Where,
  whereOf,
  writeRecord,
} from './attached-record.ts';
import { checkRequest, isOpen } from './check-request.ts';
import { type Backend, backendsOf, ownerOf, withAddresses } from './config/declared.ts';
import { isNobodyThere } from './errors.ts';
import { inTurn } from './in-turn.ts';
import { backendOf, type HaproxyOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import { tellingOne } from './runtime/same-worker.ts';
import { admit, forget, idleLeavers, shift, type Task } from './runtime/servers.ts';
import { stats } from './runtime/tables.ts';
import { dropPast, keepServers, settleServers } from './traffic/count.ts';

/** What is known of an environment's HAProxy, whoever runs it by the options of now. */
export interface Known {
  context: CallContext;
  options: HaproxyOptions;
  place: Place;
}

/** A HAProxy that somebody else runs and configures: Slipway has the servers of some of its backends. */
export interface Attached extends Known {
  socket: string;
}

export function attached(context: CallContext, options: HaproxyOptions, socket: string): Attached {
  return { context, options, place: placeOf(context), socket };
}

/** The one that a service was told to be served by, whatever the options of now say. */
export function attachedAt(router: Known, service: string, { socket, backend }: Where): Attached {
  const { context, options, place } = router;
  return {
    context,
    place,
    socket,
    options: { ...options, socket, backends: { ...options.backends, [service]: backend } },
  };
}

export const isAttached = (router: Known): router is Attached => 'socket' in router;

/** Adds, weighs and removes servers of the service's backend. Lost when that HAProxy restarts: told again then. */
export async function distributeAttached(router: Attached, request: TrafficRequest): Promise<void> {
  const { context, place } = router;
  checkRequest(request);
  refuseRoutes(request);
  await refuseUnusable(router, request);
  const wanted = await withAddresses(isOpen(request) ? request : { ...request, backends: {} });
  await inTurn(place.folder, context.signal, () =>
    tellingOne(router.socket, context.signal, () => distributeInTurn(router, wanted)),
  );
}

/** Whoever lets nobody in any more is let go, whatever became of the backend. */
async function refuseUnusable({ context, ...router }: Attached, request: TrafficRequest): Promise<void> {
  if (!isOpen(request)) return await refuseUnfit(router.socket, context.signal);
  const [problem] = await attachedProblems(router, [request.service], context.signal);
  if (problem) throw problem;
}

async function distributeInTurn(router: Attached, wanted: TrafficRequest): Promise<void> {
  const { place } = router;
  const task = await attachedTask(router, wanted);
  // A key would have to be that of its config, which isn't told: stickiness is the config's own affair.
  const { affinity: _own, ...without } = wanted;
  await admit({ ...task, request: without });
  const told: Told = { ...wanted, where: whereOf(router, wanted.service) };
  await writeRecord(place, { ...(await readRecord(place)), [wanted.service]: told });
  await shift(task);
  await clearAttached(router, task);
}

/** Takes the service's servers out of the backend in which they are by what was recorded. Safe to repeat. */
export async function takeAwayAttached(router: Known, service: string): Promise<void> {
  const { context, place } = router;
  await inTurn(place.folder, context.signal, () => takeAwayInTurn(router, service));
}

async function takeAwayInTurn(router: Known, service: string): Promise<void> {
  const { [service]: gone, ...rest } = await readRecord(router.place);
  if (!gone) return;
  const earlier = earlierPlace(router, gone);
  try {
    if (earlier) await takeOut(attachedAt(router, service, earlier), gone);
    else if (isAttached(router)) await takeOut(router, gone);
  } catch (error) {
    // One that the options name no more may be gone for good.
    if (!(earlier && isNobodyThere(error))) throw error;
  }
  await writeRecord(router.place, rest);
  await dropPast(router.place.counters, service);
}

async function takeOut(router: Attached, gone: TrafficRequest): Promise<void> {
  const task = await attachedTask(router, { ...gone, weights: {}, backends: {}, routes: [] });
  await shift(task);
  await clearAttached(router, task);
}

/**
 * Whether its backend still has servers of the service that take part, or something open to one. What nobody can say for
 * now is taken for so; where nobody listens, what it was told is gone. Looks only.
 */
export async function leadsTo(router: Attached, service: string): Promise<boolean> {
  const { context, place, socket } = router;
  const where = whereOf(router, service);
  try {
    const spared = await serversOfOthers(place, service, where);
    return (await stats(socket, context.signal)).some(
      ({ pxname, svname = '', status = '', scur }) =>
        pxname === where.backend &&
        ownerOf(svname) &&
        !spared.has(svname) &&
        !(status.startsWith('MAINT') && scur === '0'),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SlipwayError)) throw error;
    return !isNobodyThere(error);
  }
}

/** Removes servers that are out, by what the service was told last. */
export async function clearAttachedOf(router: Attached, service: string): Promise<void> {
  const { context, place } = router;
  await inTurn(place.folder, context.signal, async () => {
    const { [service]: request } = await readRecord(place);
    if (request) await clearAttached(router, await attachedTask(router, request));
  });
}

async function clearAttached({ context, place, socket }: Attached, task: Task): Promise<void> {
  const rows = await idleLeavers(task);
  const counting = { file: place.counters, statsSocket: socket };
  await keepServers(counting, { service: task.request.service, rows }, context.signal);
  await forget(socket, rows, context.signal);
  if (rows.length > 0) await settleServers(counting, context.signal);
}

async function attachedTask({ context, ...router }: Attached, request: TrafficRequest): Promise<Task> {
  const backends: Backend[] = backendsOf(request, backendOf(router, request.service));
  const spared = await serversOfOthers(router.place, request.service, whereOf(router, request.service));
  return { socket: router.socket, request, backends, spared, signal: context.signal };
}

function refuseRoutes({ service, routes }: TrafficRequest): void {
  if (routes.length === 0) return;
  throw new SlipwayError(
    'haproxy-routes-attached',
    `${service} has routes, which need rules in a config that isn't Slipway's.`,
    {
      subject: service,
      hint: 'Leave out headers, cookies and preview ports, or let Slipway run its own HAProxy (router: haproxy without socket).',
      details: { effect: 'none' },
    },
  );
}
