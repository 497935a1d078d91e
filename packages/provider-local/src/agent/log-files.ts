import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logDirectory, type RevisionName } from './locations.ts';

export type LogStream = 'stdout' | 'stderr' | 'slipway';

/** Rotated files that are kept of each stream: `.1` is the newest. */
export const ROTATIONS = 3;
/** Revisions whose logs outlive them, per service. */
const KEPT_REVISIONS = 10;

/** Whose log it is: number 0 alone has the revision's plain name, which can't hold an `@`. */
const ownerOf = (revision: string, slot: number) => (slot === 0 ? revision : `${revision}@${slot}`);

/** The file that a stream of an instance is written to. Lines of `slipway` begin with their time. */
export const logFile = (state: string, name: RevisionName & { slot?: number }, stream: LogStream) =>
  join(logDirectory(state, name), `${ownerOf(name.revision, name.slot ?? 0)}.${stream}.log`);

export interface InstanceLog {
  revision: string;
  slot: number;
  stream: LogStream;
  file: string;
}

/**
 * Beside a log: lines `END TIME`, which say that what was written before the offset END, and after the END
 * of the line before, was there at TIME. Services write to the log themselves, so it holds no times.
 */
export const timesFile = (log: string) => log.replace(/\.log(\.\d+)?$/, '.times$1');

/** The current logs of all instances of a service. */
export function findLogs(directory: string): InstanceLog[] {
  return listFolder(directory).flatMap((entry) => {
    const match = /^([^@]+)(?:@(\d+))?\.(stdout|stderr|slipway)\.log$/.exec(entry);
    if (!match) return [];
    const [, revision, slot, stream] = match as unknown as [string, string, string | undefined, LogStream];
    return { revision, slot: Number(slot ?? 0), stream, file: join(directory, entry) };
  });
}

/** Notes what happened to an instance among its logs. */
export function noteInLog(state: string, name: RevisionName & { slot?: number }, text: string): void {
  const file = logFile(state, name, 'slipway');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
}

/** Removes the logs of all but the `live` revisions and the ten that wrote last. */
export function pruneLogs(state: string, service: { environment: string; service: string }, live: Set<string>): void {
  const directory = logDirectory(state, service);
  const newest = new Map<string, number>();
  for (const { revision, file } of findLogs(directory)) {
    const at = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (!live.has(revision)) newest.set(revision, Math.max(at, newest.get(revision) ?? 0));
  }
  const byAge = [...newest].sort((a, b) => b[1] - a[1]).map(([revision]) => revision);
  const dropped = new Set(byAge.slice(KEPT_REVISIONS));
  for (const entry of listFolder(directory)) {
    const revision = /^([^@]+)(?:@\d+)?\.(?:stdout|stderr|slipway)\.(?:log|times)(?:\.\d+)?$/.exec(entry)?.[1];
    if (revision !== undefined && dropped.has(revision)) rmSync(join(directory, entry), { force: true });
  }
}

function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
