import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { baseEnvironment, livenessOf, processStart } from '@slipway/core/provider';
import type { Place } from '../place.ts';

interface KnownProcess {
  pid: number;
  start: string | null;
}

const LOG_LIMIT_BYTES = 1024 * 1024;

/**
 * Keeps HAProxy running: when a worker crashes the master ends with it, and nobody starts it again. Started with the
 * program and its arguments. A start that fails at once is tried again later and later, in the end every 30 s. USR1
 * lets it end when its last session has.
 */
const KEEP = `
trap 'asked=USR1; kill -USR1 "$child" 2>/dev/null' USR1
trap 'asked=TERM; kill -TERM "$child" 2>/dev/null' TERM INT
pause=0
while [ -z "$asked" ]; do
  began=$(date +%s)
  "$@" & child=$!
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  [ -z "$asked" ] || break
  if [ $(($(date +%s) - began)) -gt 5 ]; then pause=0; elif [ $pause -lt 30 ]; then pause=$((pause + 1)); fi
  sleep $pause
done
`;

/** Starts the keeper and HAProxy under it, detached, so that both outlive this command. */
export function startKeeper(place: Place, program: string): void {
  boundLog(place.log);
  const log = openSync(place.log, 'a', 0o600);
  try {
    const master = [program, '-W', '-S', `${place.masterSocket},mode,600`, '-f', place.config];
    const child = spawn('/bin/sh', ['-c', KEEP, 'slipway-haproxy', ...master], {
      cwd: place.folder,
      env: baseEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', () => {}); // Its failure shows as nobody answering.
    child.unref();
    if (child.pid !== undefined) remember(place.keeper, child.pid);
  } finally {
    closeSync(log);
  }
}

/** Whether the keeper runs, so that HAProxy comes back by itself. */
export function keeperRuns(place: Place): boolean {
  const known = readKnown(place.keeper);
  return known !== undefined && livenessOf(known.pid, known.start) === 'alive';
}

/** Lets HAProxy end as soon as nothing is open any more; it listens no longer from now on. */
export function endKeeper(place: Place): void {
  const known = readKnown(place.keeper);
  if (known && livenessOf(known.pid, known.start) === 'alive') process.kill(known.pid, 'SIGUSR1');
}

/** The keeper was ended, and is nobody's any more while its last sessions go on. */
export function forgetKeeper(place: Place): void {
  rmSync(place.keeper, { force: true });
}

/** Takes the right to start HAProxy; false while another command that lives has it. */
export function mayStart(place: Place): boolean {
  try {
    writeFileSync(place.starting, text(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = readKnown(place.starting);
    if (holder && livenessOf(holder.pid, holder.start) === 'dead') rmSync(place.starting, { force: true });
    return false;
  }
}

export function hasStarted(place: Place): void {
  rmSync(place.starting, { force: true });
}

/** The last lines that HAProxy wrote. */
export function logTail(place: Place): string {
  try {
    return readFileSync(place.log, 'utf8').trim().split('\n').slice(-6).join('\n');
  } catch {
    return 'It wrote nothing.';
  }
}

function remember(file: string, pid: number): void {
  writeFileSync(`${file}.new`, text(pid), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const text = (pid: number) => JSON.stringify({ pid, start: processStart(pid) } satisfies KnownProcess);

function readKnown(file: string): KnownProcess | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KnownProcess;
  } catch {
    return undefined; // None was started, or it is being written.
  }
}

function boundLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
}
