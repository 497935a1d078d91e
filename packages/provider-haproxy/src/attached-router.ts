import { type CallContext, SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { attachedProblems, backendOf, refuseUnfit } from './attached-problems.ts';
import { readRecord, serversOfOthers, writeRecord } from './attached-record.ts';
import { checkRequest, isOpen } from './check-request.ts';
import { type Backend, backendsOf, withAddresses } from './config/declared.ts';
import { inTurn } from './in-turn.ts';
import type { HaproxyOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import { tellingOne } from './runtime/same-worker.ts';
import { admit, forget, idleLeavers, shift, type Task } from './runtime/servers.ts';
import { dropPast, keepServers, settleServers } from './traffic/count.ts';

/** A HAProxy that somebody else runs and configures: Slipway has the servers of some of its backends. */
export interface Attached {
  context: CallContext;
  options: HaproxyOptions;
  place: Place;
  socket: string;
}

export function attached(context: CallContext, options: HaproxyOptions, socket: string): Attached {
  return { context, options, place: placeOf(context), socket };
}

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
  await writeRecord(place, { ...(await readRecord(place)), [wanted.service]: wanted });
  await shift(task);
  await clearAttached(router, task);
}

/** Takes the service's servers out of its backend. */
export async function takeAwayAttached(router: Attached, service: string): Promise<void> {
  const { context, place } = router;
  await inTurn(place.folder, context.signal, () => takeAwayInTurn(router, service));
}

async function takeAwayInTurn(router: Attached, service: string): Promise<void> {
  const { [service]: gone, ...rest } = await readRecord(router.place);
  if (!gone) return;
  const task = await attachedTask(router, { ...gone, weights: {}, backends: {}, routes: [] });
  await shift(task);
  await clearAttached(router, task);
  await writeRecord(router.place, rest);
  await dropPast(router.place.counters, service);
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
  const spared = await serversOfOthers(router.place, request.service);
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
