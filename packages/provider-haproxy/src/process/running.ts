import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallContext, livenessOf, SlipwayError } from '@slipway/core/provider';
import { portTaken } from '../errors.ts';
import type { Place } from '../place.ts';
import { holderOf } from '../port-holder.ts';
import { ask } from '../runtime/ask.ts';
import { leavingWorkers } from '../runtime/leaving-workers.ts';
import { info, workers } from '../runtime/tables.ts';
import { keeperRuns, logTail, startKeeper } from './keeper.ts';
import { hasStarted, mayStart } from './right-to-start.ts';

const START_WITHIN_MS = 10_000;
const RELOAD_WITHIN_MS = 15_000;

/** The worker that takes requests now. */
export interface Worker {
  pid: number;
  /** Which skeleton of a config it runs. */
  skeleton: string;
}

/** Undefined: nobody answers. */
export async function currentWorker(place: Place, signal: AbortSignal): Promise<Worker | undefined> {
  try {
    const { Pid, description, Stopping } = await info(place.statsSocket, signal);
    if (Stopping !== '0') return undefined; // It was told to end, and listens for no one any more.
    return { pid: Number(Pid), skeleton: description?.replace('slipway-', '') ?? '' };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'haproxy-unreachable') return undefined;
    throw error;
  }
}

/** HAProxy as the config on disk says, started when nobody answers. Undefined: there is no config. */
export async function ensureRunning(context: CallContext, place: Place, program: string): Promise<Worker | undefined> {
  const there = await currentWorker(place, context.signal);
  if (there) await keepOn(context, place, program);
  if (there || !existsSync(place.config)) return there;
  const deadline = Date.now() + START_WITHIN_MS;
  let holds = false;
  try {
    while (Date.now() < deadline) {
      // Its keeper brings it back by itself; else one of the commands that ask starts both.
      if (!holds && !keeperRuns(place) && mayStart(place)) {
        holds = true;
        // Another command may have started it before this one got the right.
        if (keeperRuns(place)) continue;
        context.log('starts HAProxy');
        startKeeper(place, program);
      }
      await sleep(30, undefined, { signal: context.signal });
      const worker = await currentWorker(place, context.signal);
      if (worker) return worker;
    }
  } finally {
    if (holds) hasStarted(place);
  }
  throw notRunning(place, 'HAProxy did not start.');
}

/** One whose keeper was killed gets another, so that it comes back by itself again. */
async function keepOn({ signal }: CallContext, place: Place, program: string): Promise<void> {
  if (keeperRuns(place) || !mayStart(place)) return;
  try {
    const { master = 0 } = (await leavingWorkers(place.masterSocket, signal)) ?? {};
    if (master > 0 && !keeperRuns(place)) startKeeper(place, program, master);
  } finally {
    hasStarted(place);
  }
}

/** Has the master take the config on disk; users notice nothing. Throws when it goes on with what it had. */
export async function reload(
  context: CallContext,
  place: Place,
  { program, skeleton }: { program: string; skeleton: string },
): Promise<void> {
  const { signal } = context;
  const deadline = Date.now() + RELOAD_WITHIN_MS;
  let failedBefore = await askForReload(place, signal);
  while (Date.now() < deadline) {
    await sleep(20, undefined, { signal });
    const worker = await ensureRunning(context, place, program);
    if (worker?.skeleton === skeleton) return;
    const failed = await failedReloads(place, signal);
    if (failedBefore === undefined) failedBefore = await askForReload(place, signal);
    else if (failed !== undefined && failed > failedBefore) break;
  }
  throw notRunning(place, 'HAProxy did not take its new config and goes on with the one before.');
}

/** How many reloads had failed by then; undefined: it ended in this moment, and comes back with either config. */
async function askForReload(place: Place, signal: AbortSignal): Promise<number | undefined> {
  const failed = await failedReloads(place, signal);
  if (failed === undefined) return undefined;
  try {
    await ask(place.masterSocket, 'reload', signal);
    return failed;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError && error.retryable) return undefined;
    throw error;
  }
}

/** Lets a HAProxy end that no keeper of ours runs: its keeper was killed, or somebody else started it. */
export async function endMaster(place: Place, signal: AbortSignal): Promise<void> {
  const { master = 0 } = (await leavingWorkers(place.masterSocket, signal)) ?? {};
  // One that has ended since, or that was asked already and is about to, can't be told any more.
  if (master > 0 && livenessOf(master, null) !== 'dead') process.kill(master, 'SIGUSR1');
}

/** Undefined while the master is busy with itself. */
async function failedReloads(place: Place, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await workers(place.masterSocket, signal)).failedReloads;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SlipwayError && error.retryable) return undefined;
    throw error;
  }
}

export function notRunning(place: Place, message: string): SlipwayError {
  const log = logTail(place);
  const [, why = '', at] = /cannot bind .*\(([^)]*)\) for \[([^\]]+)\]/.exec(log) ?? [];
  if (at !== undefined && /in use/.test(why)) {
    const colon = at.lastIndexOf(':');
    return portTaken(at, holderOf(at.slice(0, colon), Number(at.slice(colon + 1))), message);
  }
  if (at !== undefined)
    return new SlipwayError('haproxy-not-bindable', `HAProxy may not listen on ${at}: ${why}. ${message}`, {
      subject: at,
      hint: "Name addresses of this machine with the router's option bind, and ports that this user may have.",
    });
  return new SlipwayError('haproxy-unavailable', message, {
    subject: place.folder,
    hint: `The end of ${place.log}:\n${log}`,
    retryable: true,
  });
}
