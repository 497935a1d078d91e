import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** A live process (zombies are left out). */
export interface ProcessEntry {
  pid: number;
  group: number;
  session: number;
  /** Names this process among all that ever had its pid on this machine. */
  start: string;
}

const linux = process.platform === 'linux';

/** Everything that runs on this machine. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  if (linux) {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  }
  const { stdout } = await promisify(execFile)('ps', ['-axo', PS_COLUMNS], PS_OPTIONS);
  return stdout.split('\n').flatMap((line) => parsePs(line) ?? []);
}

/** The process with this pid, or undefined when there is none (a zombie counts as none). */
export function findProcess(pid: number): ProcessEntry | undefined {
  if (linux) return readStat(pid);
  try {
    return parsePs(execFileSync('ps', ['-o', PS_COLUMNS, '-p', String(pid)], PS_OPTIONS));
  } catch {
    return undefined; // `ps` fails when no process matches.
  }
}

/** True when exactly the process that was recorded still lives. */
export function isAlive(recorded: { pid: number; start: string }): boolean {
  return findProcess(recorded.pid)?.start === recorded.start;
}

/** True when a process began no earlier than another, in the same boot. */
export function notOlder(start: string, than: string): boolean {
  const [boot, at] = splitStart(start);
  const [otherBoot, otherAt] = splitStart(than);
  return boot === otherBoot && at >= otherAt;
}

/** Starts are `boot:ticks` on Linux, a date to the second elsewhere. */
function splitStart(start: string): [boot: string, at: number] {
  const ticks = /^([0-9a-f-]{36}):(\d+)$/.exec(start);
  return ticks ? [ticks[1] as string, Number(ticks[2])] : ['', Date.parse(start)];
}

let boot: string | undefined;

function readStat(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // Gone in between.
  }
  // The second field is the command's name in parentheses and may hold anything: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return { pid, group: Number(fields[2]), session: Number(fields[3]), start: `${boot}:${fields[19]}` };
}

// macOS has no way to list sessions by number; there the group alone holds a family together.
const PS_COLUMNS = 'pid=,pgid=,stat=,lstart=';
const PS_OPTIONS = {
  encoding: 'utf8',
  env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
  maxBuffer: 64 * 1024 * 1024,
} as const;

function parsePs(line: string): ProcessEntry | undefined {
  const [pid, group, state, ...start] = line.trim().split(/\s+/);
  if (!pid || !state || state.startsWith('Z')) return undefined;
  return { pid: Number(pid), group: Number(group), session: Number(group), start: start.join(' ') };
}
