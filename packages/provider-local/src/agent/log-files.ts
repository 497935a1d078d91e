import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logDirectory, type RevisionName } from './locations.ts';

export type LogStream = 'stdout' | 'stderr' | 'slipway';

/** Rotated files that are kept of each stream: `.1` is the newest. */
export const ROTATIONS = 3;
/** Revisions whose logs outlive them, per service. */
const KEPT_REVISIONS = 10;

/** The file that a stream is written to. Lines of `slipway` begin with their time. */
export const logFile = (state: string, name: RevisionName, stream: LogStream) =>
  join(logDirectory(state, name), `${name.revision}.${stream}.log`);

/**
 * Beside a log: lines `END TIME`, which say that what was written before the offset END, and after the END
 * of the line before, was there at TIME. Services write to the log themselves, so it holds no times.
 */
export const timesFile = (log: string) => log.replace(/\.log(\.\d+)?$/, '.times$1');

/** Which revisions of a service have logs: file name of the current log by revision and stream. */
export function findLogs(directory: string): { revision: string; stream: LogStream; file: string }[] {
  return listFolder(directory).flatMap((entry) => {
    const match = /^(.+)\.(stdout|stderr|slipway)\.log$/.exec(entry);
    if (!match) return [];
    return { revision: match[1] as string, stream: match[2] as LogStream, file: join(directory, entry) };
  });
}

/** Notes what happened to a revision among its logs. */
export function noteInLog(state: string, name: RevisionName, text: string): void {
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
    const revision = /^(.+)\.(?:stdout|stderr|slipway)\.(?:log|times)(?:\.\d+)?$/.exec(entry)?.[1];
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
