import { setTimeout as sleep } from 'node:timers/promises';
import { processesMarked, processStart, SlipwayError } from '@slipway/core/provider';
import { listProcesses } from './process-table.ts';

/** Set in every service's environment to a value of its own; children inherit it. */
export const FAMILY_MARKER = 'SLIPWAY_PROCESS';

/** How long killed processes may take to vanish. */
const GONE_WITHIN_MS = 10_000;

/** The first process of a service: leader of a session and group of its own. */
export interface Leader {
  pid: number;
  /** Tells it from another process that has its pid by now. */
  start: string;
  marker: string;
}

/** What is alive of a family. */
export interface Family {
  /** In the leader's own process group. */
  group: number[];
  /** Detached itself from the group. */
  strays: number[];
}

/**
 * Everything alive that the leader started, itself included: its group, its session and, where
 * the environment of processes can be read, whatever inherited the marker, however it detached itself.
 */
export async function findFamily(leader: Leader): Promise<Family> {
  const marked = new Set(await processesMarked(FAMILY_MARKER, leader.marker));
  const holder = processStart(leader.pid);
  // When the pid was given to someone else, the group and the session of that number are theirs.
  const number = holder === null || holder === leader.start ? leader.pid : undefined;
  const family: Family = { group: [], strays: [] };
  for (const { pid, group, session } of await listProcesses()) {
    const related = (group === number || session === number) && beganAfter(pid, leader);
    if (related && group === number) family.group.push(pid);
    else if (related || marked.has(pid)) family.strays.push(pid);
  }
  return family;
}

/**
 * Ends the whole family and waits until none is left: SIGTERM, and SIGKILL after `graceMs`. Safe to repeat.
 * Throws `process-stuck` when even SIGKILL doesn't end it.
 */
export async function endFamily(leader: Leader, graceMs: number): Promise<void> {
  const killAt = Date.now() + graceMs;
  let family = await findFamily(leader);
  send(leader, family, 'SIGTERM');
  for (let pause = 10; size(family) > 0; pause = Math.min(pause * 1.5, 250)) {
    const now = Date.now();
    if (now > killAt + GONE_WITHIN_MS) {
      const pids = [...family.group, ...family.strays].join(', ');
      throw new SlipwayError('process-stuck', `Processes ${pids} do not end, not even by SIGKILL.`, {
        hint: 'Look at what they wait for (a dead network disk, a debugger), then repeat.',
        retryable: true,
      });
    }
    if (now >= killAt) send(leader, family, 'SIGKILL');
    await sleep(now >= killAt ? 10 : Math.min(pause, killAt - now));
    family = await findFamily(leader);
  }
}

const size = (family: Family) => family.group.length + family.strays.length;

/** Anything older belongs to an earlier holder of the leader's pid. */
function beganAfter(pid: number, leader: Leader): boolean {
  const start = processStart(pid);
  // Null: it is ending, which is to be waited for.
  return start === null || momentOf(start) >= momentOf(leader.start);
}

/** Starts end in `/TICKS` on Linux and are dates elsewhere. */
const momentOf = (start: string) =>
  start.includes('/') ? Number(start.slice(start.lastIndexOf('/') + 1)) : Date.parse(start);

/** The group in one go, so that none is missed that is just being forked, and none gets a signal twice. */
function send(leader: Leader, family: Family, signal: NodeJS.Signals): void {
  const targets = family.group.length > 0 ? [-leader.pid, ...family.strays] : family.strays;
  for (const target of targets) {
    try {
      process.kill(target, signal);
    } catch {
      // Gone in between. One that may not be signalled shows as stuck in the end.
    }
  }
}
