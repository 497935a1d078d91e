import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, PortState, TrafficRequest } from '@slipway/core/provider';
import { checkRequest } from './check-request.ts';
import { backendsOf, type Declared, handingOver, withAddresses } from './config/declared.ts';
import { declaredIn, type Rendered, renderConfig } from './config/render.ts';
import type { HaproxyOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import { isAnswered, refuseTaken } from './port.ts';
import { takeCandidate, writeCandidate } from './process/check-config.ts';
import { endKeeper, forgetKeeper, keeperRuns } from './process/keeper.ts';
import { currentWorker, endMaster, ensureRunning, reload } from './process/running.ts';
import { admit, forget, idleLeavers, shift, type Task } from './runtime/servers.ts';
import { dropPast, keepServers, keepWorker } from './traffic/past.ts';

/** The HAProxy of an environment that Slipway runs itself, as a process of this machine. */
export interface Managed {
  context: CallContext;
  options: HaproxyOptions;
  place: Place;
}

export function managed(context: CallContext, options: HaproxyOptions): Managed {
  return { context, options, place: placeOf(context) };
}

/** What it was told last, from its config. */
export async function declaredTo({ place }: Managed): Promise<Declared> {
  return declaredIn(await readText(place.config));
}

/**
 * Distributes a service's traffic. Servers and weights change while HAProxy runs, everything else by a reload; the
 * config is validated before anything changes, and is in place before traffic moves, so that a HAProxy that comes
 * back distributes as the one before.
 */
export async function distribute(router: Managed, request: TrafficRequest): Promise<void> {
  const { context, options, place } = router;
  checkRequest(request);
  const declared = await declaredTo(router);
  const wanted = await withAddresses(request);
  const next = { ...declared, [wanted.service]: wanted };
  await refuseTaken(options.bind, newPorts(declared, next), context.signal);
  const rendered = renderConfig(next, { place, bind: options.bind });
  await writeCandidate(place, rendered.text, options.command, context.signal);
  const worker = await ensureRunning(context, place, options.command);
  const task = taskOf(router, wanted);
  if (worker?.skeleton === rendered.skeleton) {
    await admit(task);
    await takeCandidate(place);
    await shift(task);
    await clear(router, task);
    return;
  }
  const had = declared[wanted.service];
  const known = had && worker?.skeleton === renderConfig(declared, { place, bind: options.bind }).skeleton;
  if (known) {
    const backends = handingOver(had, wanted);
    await admit({ ...task, backends });
    await shift({ ...task, backends });
  }
  try {
    await takeOver(router, rendered, { before: declared, running: worker !== undefined });
  } catch (error) {
    if (known) await shift(taskOf(router, had));
    throw error;
  }
}

/** Takes a service away; with the last one HAProxy ends, as soon as nothing is open any more. */
export async function takeAway(router: Managed, service: string): Promise<void> {
  const { context, options, place } = router;
  const declared = await declaredTo(router);
  const { [service]: gone, ...rest } = declared;
  if (!gone) return;
  if (Object.keys(rest).length === 0) {
    await end(router);
    for (const file of [place.config, place.counters, place.candidate]) await rm(file, { force: true });
    return;
  }
  const rendered = renderConfig(rest, { place, bind: options.bind });
  await writeCandidate(place, rendered.text, options.command, context.signal);
  const worker = await ensureRunning(context, place, options.command);
  await takeOver(router, rendered, { before: declared, running: worker !== undefined });
  await dropPast(place.counters, service);
}

/** Asks again, since a master that has just taken a new config does not hear it. */
async function end({ context, place }: Managed): Promise<void> {
  do {
    if (keeperRuns(place)) endKeeper(place);
    else await endMaster(place, context.signal);
    await sleep(100, undefined, { signal: context.signal });
  } while (await currentWorker(place, context.signal));
  forgetKeeper(place);
}

/** Removes servers that are out and have no session any more; their counts are kept. */
export async function clear({ context, place }: Managed, task: Task): Promise<void> {
  const rows = await idleLeavers(task);
  await keepServers(place.counters, { service: task.request.service, socket: task.socket, rows }, context.signal);
  await forget(task.socket, rows, context.signal);
}

export function taskOf({ context, place }: Managed, request: TrafficRequest): Task {
  return { socket: place.statsSocket, request, backends: backendsOf(request), signal: context.signal };
}

export async function managedPort(router: Managed, port: number): Promise<PortState> {
  const { context, options } = router;
  if (!(await isAnswered(options.bind, port, context.signal))) return { kind: 'free' };
  const own = Object.values(await declaredTo(router)).some((request) => portsOf(request).includes(port));
  return own ? { kind: 'own' } : { kind: 'taken' };
}

/** Where HAProxy runs, it takes the new config with its listeners; where that fails, the one before is put back. */
async function takeOver(
  { context, options, place }: Managed,
  rendered: Rendered,
  { before, running }: { before: Declared; running: boolean },
): Promise<void> {
  const text = await readText(place.config);
  if (running)
    await keepWorker(place.counters, { services: Object.keys(before), socket: place.statsSocket }, context.signal);
  await takeCandidate(place);
  try {
    if (running) await reload(context, place, rendered.skeleton);
    else await ensureRunning(context, place, options.command);
  } catch (error) {
    if (text === '') {
      endKeeper(place);
      forgetKeeper(place);
      await rm(place.config, { force: true });
    } else await writeFile(place.config, text, { mode: 0o600 });
    throw error;
  }
}

function newPorts(before: Declared, next: Declared): number[] {
  const had = new Set(Object.values(before).flatMap(portsOf));
  return Object.values(next)
    .flatMap(portsOf)
    .filter((port) => !had.has(port));
}

const portsOf = ({ port, routes }: TrafficRequest) => [
  port,
  ...routes.flatMap((route) => ('port' in route ? [route.port] : [])),
];

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
