import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { baseEnvironment, livenessOf } from '@slipway/core/provider';
import { CONFIG, fromFolder, type Place } from '../place.ts';
import { KEEPER_SCRIPT } from './keeper-script.ts';
import { type KnownProcess, readKnown, writeKnown } from './known-process.ts';

/**
 * Starts the keeper and HAProxy under it, detached, so that both outlive this command; or, with `master`, the keeper of
 * a HAProxy that runs already and whose own was killed.
 */
export function startKeeper(place: Place, program: string, master = 0): void {
  const log = openSync(place.log, 'a', 0o600);
  try {
    const command = [program, '-W', '-S', `unix@${fromFolder(place, place.masterSocket)},mode,600`, '-f', CONFIG];
    const child = spawn('/bin/sh', ['-s', place.folder, place.socketsElsewhere ?? '', String(master), ...command], {
      cwd: place.folder,
      env: baseEnvironment(),
      detached: true,
      stdio: ['pipe', log, log],
    });
    child.on('error', () => {}); // Its failure shows as nobody answering.
    child.stdin?.on('error', () => {});
    child.unref();
    if (child.pid === undefined) return;
    writeKnown(place.keeper, child.pid);
    child.stdin?.end(KEEPER_SCRIPT);
  } finally {
    closeSync(log);
  }
}

/** Whether the keeper runs, so that HAProxy comes back by itself. */
export function keeperRuns(place: Place): boolean {
  return runs(readKnown(place.keeper));
}

const runs = (known: KnownProcess | undefined) => known !== undefined && livenessOf(known.pid, known.start) === 'alive';

/** Lets HAProxy end as soon as nothing is open any more; it listens no longer from now on. */
export function endKeeper(place: Place): void {
  const known = readKnown(place.keeper);
  if (known && runs(known)) process.kill(known.pid, 'SIGUSR1');
}

/** The keeper was ended, and is nobody's any more while its last sessions go on. */
export function forgetKeeper(place: Place): void {
  rmSync(place.keeper, { force: true });
}

/** The last lines that HAProxy wrote. */
export function logTail(place: Place): string {
  try {
    return readFileSync(place.log, 'utf8').trim().split('\n').slice(-6).join('\n');
  } catch {
    return 'It wrote nothing.';
  }
}
