import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** `unknown`: there is such a process, or this system can't tell which one; it may be another by now. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/**
 * When the process started, as text to compare: equal for the same process, different for another one that
 * got its pid later. Null when there is no such process, or when this system can't tell.
 *
 * On Linux the kernel's start time (field 22 of `/proc/PID/stat`, see proc_pid_stat(5)) behind the boot and
 * the pid namespace that it counts in; on macOS what `ps` says.
 */
export function processStart(pid: number): string | null {
  if (process.platform === 'linux') return linuxStart(pid);
  if (process.platform === 'darwin') return darwinStart(pid);
  return null;
}

/** Whether this very process still runs. With `start` null, whether any process has the pid. */
export function isAlive(pid: number, start: string | null): boolean {
  if (start === null) return pidExists(pid);
  return processStart(pid) === start;
}

/**
 * What became of a process of this host, told by its pid and start. Says `dead` only for sure: a process of
 * another boot or pid namespace (a container beside this one) is `unknown`.
 */
export function livenessOf(pid: number, start: string | null): Liveness {
  if (start === null) return pidExists(pid) ? 'unknown' : 'dead';
  const here = counterOf(processStart(process.pid));
  if (here !== counterOf(start)) return 'unknown';
  return processStart(pid) === start ? 'alive' : 'dead';
}

function linuxStart(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the command in parentheses and may hold anything, so count from its end.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = state === 'Z' || state === 'X';
  return ended ? null : `${linuxCounter()}/${fields[18]}`;
}

let counter: string | undefined;

function linuxCounter(): string {
  counter ??= `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${readlinkSync('/proc/self/ns/pid')}`;
  return counter;
}

function darwinStart(pid: number): string | null {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const line = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return line.trim() || null;
  } catch {
    return null;
  }
}

/** What a start time counts from: two that differ here can't be compared. */
function counterOf(start: string | null): string {
  return start === null || !start.includes('/') ? '' : start.slice(0, start.lastIndexOf('/'));
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
