import { setTimeout as sleep } from 'node:timers/promises';
import { processesMarked, SlipwayError } from '@slipway/core/provider';
import { listProcesses, notOlder } from './process-table.ts';

/** Set in every service's environment to a value of its own; children inherit it. */
export const FAMILY_MARKER = 'SLIPWAY_PROCESS';

/** How long killed processes may take to vanish. */
const GONE_WITHIN_MS = 10_000;

/** The first process of a service: leader of a session and group of its own. */
export interface Leader {
  pid: number;
  /** See {@link import('./process-table.ts').ProcessEntry.start}. */
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
  const processes = await listProcesses();
  const holder = processes.find((entry) => entry.pid === leader.pid);
  // When the pid was given to someone else, the group and the session of that number are theirs.
  const number = holder === undefined || holder.start === leader.start ? leader.pid : undefined;
  const family: Family = { group: [], strays: [] };
  for (const entry of processes) {
    const kin = notOlder(entry.start, leader.start);
    if (kin && entry.group === number) family.group.push(entry.pid);
    else if ((kin && entry.session === number) || marked.has(entry.pid)) family.strays.push(entry.pid);
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
