import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallContext, type PortState, SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { checkRequest } from './check-request.ts';
import { backendsOf, type Declared, handingOver, portsOf, withAddresses } from './config/declared.ts';
import { bindsIn, declaredIn, type Rendered, renderConfig } from './config/render.ts';
import { inTurn } from './in-turn.ts';
import { type HaproxyOptions, programOf } from './options.ts';
import { type Place, placeOf, removeSockets } from './place.ts';
import { refuseTaken, takenAt } from './port.ts';
import { holderOf } from './port-holder.ts';
import { putConfig, takeCandidate, writeCandidate } from './process/check-config.ts';
import { checkVersion } from './process/check-version.ts';
import { endKeeper, forgetKeeper, keeperRuns } from './process/keeper.ts';
import { currentWorker, endMaster, ensureRunning, notRunning, reload } from './process/running.ts';
import { tellingOne } from './runtime/same-worker.ts';
import { admit, forget, idleLeavers, shift, type Task } from './runtime/servers.ts';
import { untilAnswered } from './runtime/until-answered.ts';
import { type Counting, dropPast, keepServers, keepWorker, settleServers } from './traffic/count.ts';

/** From the config in place to the last weight or the new worker; more than what is waited for within. */
const MOVE_WITHIN_MS = 20_000;

/** Until it listens no longer. */
const END_WITHIN_MS = 15_000;

/** The HAProxy of an environment that Slipway runs itself, as a process of this machine. */
export interface Managed {
  context: CallContext;
  options: HaproxyOptions;
  place: Place;
}

export function managed(context: CallContext, options: HaproxyOptions): Managed {
  return { context, options: { ...options, command: programOf(context, options) }, place: placeOf(context) };
}

/** It listens where it does, whatever the options of now say: they may be those of another HAProxy. */
export async function managedAsItRuns({ context, options, place }: Managed): Promise<Managed> {
  return managed(context, { ...options, bind: bindsIn(await readText(place.config)) });
}

/** Whether it runs, or will in a moment. One that ended, as with the machine, leads nobody anywhere. */
export async function isAlive({ context, place }: Pick<Managed, 'context' | 'place'>): Promise<boolean> {
  return keeperRuns(place) || (await currentWorker(place, context.signal)) !== undefined;
}

/** What it was told last, from its config. */
export async function declaredTo({ place }: Pick<Managed, 'place'>): Promise<Declared> {
  return declaredIn(await readText(place.config));
}

/**
 * Distributes a service's traffic. Servers and weights change while HAProxy runs, everything else by a reload; the
 * config is validated before anything changes, and is in place before traffic moves, so that a HAProxy that comes
 * back distributes as the one before. What fails or is aborted before traffic moves leaves it as it was.
 */
export async function distribute(router: Managed, request: TrafficRequest): Promise<void> {
  const { context, place } = router;
  checkRequest(request);
  const wanted = await withAddresses(request);
  await inTurn(place.folder, context.signal, () => distributeInTurn(router, wanted));
}

async function distributeInTurn(router: Managed, wanted: TrafficRequest): Promise<void> {
  const { context, options, place } = router;
  const declared = await declaredTo(router);
  const had = declared[wanted.service];
  const next = { ...declared, [wanted.service]: wanted };
  await refuseTaken(options.bind, newPorts(declared, next), context.signal);
  const rendered = renderConfig(next, { place, bind: options.bind });
  await checkVersion(options.command, context.signal);
  await writeCandidate(place, rendered.text, options.command, context.signal);
  const worker = await ensureRunning(context, place, options.command);
  if (worker?.skeleton === rendered.skeleton)
    return await tellingOne(place.statsSocket, context.signal, () => move(router, wanted, had));
  const handsOver = had && worker?.skeleton === renderConfig(declared, { place, bind: options.bind }).skeleton;
  try {
    if (handsOver) await handOver(router, had, wanted);
    else await untilAnswered(wanted, context.signal);
    await takeOver(router, rendered, worker !== undefined);
  } catch (error) {
    if (handsOver) await putBack(router, had);
    throw error;
  }
}

/** Before a reload: the worker that leaves already distributes as wanted. */
async function handOver(router: Managed, had: TrafficRequest, wanted: TrafficRequest): Promise<void> {
  const task = { ...taskOf(router, wanted), backends: handingOver(had, wanted) };
  await tellingOne(task.socket, task.signal, async () => {
    await admit(task);
    await shift(task);
  });
}

/** While HAProxy runs on. Once the config is in place nothing is aborted: it and what runs say the same. */
async function move(router: Managed, wanted: TrafficRequest, had: TrafficRequest | undefined): Promise<void> {
  const { context, options, place } = router;
  const task = taskOf(router, wanted);
  await admit(task);
  context.signal.throwIfAborted();
  const text = await readText(place.config);
  await takeCandidate(place);
  try {
    await shift(surely(task)).catch(async (error: unknown) => {
      // It ended in this moment: it comes back with the new config.
      if (!(error instanceof SlipwayError && error.retryable)) throw error;
      await ensureRunning({ ...context, signal: surely(task).signal }, place, options.command);
      await shift(surely(task));
    });
  } catch (error) {
    await putConfig(place, text);
    if (had) await putBack(router, had);
    throw error;
  }
  await clear(router, task);
}

/** One that ended meanwhile may have come back with what then failed. What that failed for is told, and not what fails here. */
async function putBack(router: Managed, had: TrafficRequest): Promise<void> {
  const task = surely(taskOf(router, had));
  try {
    await ensureRunning({ ...router.context, signal: task.signal }, router.place, router.options.command);
    await shift(task);
  } catch {
    // The config says it, and whoever tells it next.
  }
}

const surely = (task: Task): Task => ({ ...task, signal: AbortSignal.timeout(MOVE_WITHIN_MS) });

/** Takes a service away; with the last one HAProxy ends, as soon as nothing is open any more. */
export async function takeAway(router: Managed, service: string): Promise<void> {
  const { context, place } = router;
  await inTurn(place.folder, context.signal, () => takeAwayInTurn(router, service));
}

async function takeAwayInTurn(router: Managed, service: string): Promise<void> {
  const { context, options, place } = router;
  const declared = await declaredTo(router);
  const { [service]: gone, ...rest } = declared;
  if (!gone) return;
  if (Object.keys(rest).length === 0) {
    await end(router);
    for (const file of [place.config, place.counters, place.candidate]) await rm(file, { force: true });
    await removeSockets(place);
    return;
  }
  const rendered = renderConfig(rest, { place, bind: options.bind });
  await writeCandidate(place, rendered.text, options.command, context.signal);
  const worker = await ensureRunning(context, place, options.command);
  await takeOver(router, rendered, worker !== undefined);
  await dropPast(place.counters, service);
}

/** Asks again, since a master that has just taken a new config does not hear it. */
async function end({ context, place }: Managed): Promise<void> {
  const deadline = Date.now() + END_WITHIN_MS;
  do {
    if (Date.now() > deadline) throw notRunning(place, 'HAProxy was told to end, and still takes requests.');
    if (keeperRuns(place)) endKeeper(place);
    else await endMaster(place, context.signal);
    await sleep(100, undefined, { signal: context.signal });
  } while (await currentWorker(place, context.signal));
  forgetKeeper(place);
}

/** Removes servers that are out, by what the service was told last. */
export async function clearOf(router: Managed, service: string): Promise<void> {
  const { context, place } = router;
  await inTurn(place.folder, context.signal, async () => {
    const { [service]: request } = await declaredTo(router);
    if (request) await clear(router, taskOf(router, request));
  });
}

/** Removes servers that are out and have no session any more; their counts are kept. */
async function clear({ context, place }: Managed, task: Task): Promise<void> {
  const rows = await idleLeavers(task);
  await keepServers(countingOf(place), { service: task.request.service, rows }, context.signal);
  await forget(task.socket, rows, context.signal);
  if (rows.length > 0) await settleServers(countingOf(place), context.signal);
}

export const countingOf = ({ counters, statsSocket, masterSocket }: Place): Counting => ({
  file: counters,
  statsSocket,
  masterSocket,
});

function taskOf({ context, place }: Managed, request: TrafficRequest): Task {
  return { socket: place.statsSocket, request, backends: backendsOf(request), signal: context.signal };
}

/** As {@link Platform.checkPort}. */
export async function managedPort(router: Managed, port: number): Promise<PortState> {
  const { context, options } = router;
  const host = await takenAt(options.bind, port, context.signal);
  if (host === undefined) return { kind: 'free' };
  if (Object.values(await declaredTo(router)).some((request) => portsOf(request).includes(port)))
    return { kind: 'own' };
  const holder = holderOf(host, port);
  return { kind: 'taken', ...(holder === undefined ? {} : { holder }) };
}

/** Where HAProxy runs, it takes the new config with its listeners; where that fails, the one before is put back. */
async function takeOver({ context, options, place }: Managed, rendered: Rendered, running: boolean): Promise<void> {
  const text = await readText(place.config);
  if (running) await keepWorker(countingOf(place), context.signal);
  context.signal.throwIfAborted();
  await takeCandidate(place);
  try {
    // A reload that was asked for happens: the one that asked waits for it, whatever else was aborted.
    const surely = { ...context, signal: AbortSignal.timeout(MOVE_WITHIN_MS) };
    const { command: program } = options;
    if (running) await reload(surely, place, { program, skeleton: rendered.skeleton });
    else await ensureRunning(context, place, options.command);
  } catch (error) {
    if (text === '') {
      endKeeper(place);
      forgetKeeper(place);
      await rm(place.config, { force: true });
    } else await putConfig(place, text);
    throw error;
  }
}

function newPorts(before: Declared, next: Declared): number[] {
  const had = new Set(Object.values(before).flatMap(portsOf));
  return Object.values(next)
    .flatMap(portsOf)
    .filter((port) => !had.has(port));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
