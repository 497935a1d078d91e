import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processStart } from '@slipway/core/provider';

/** A process, such that another one that gets its pid later is told from it. */
export interface KnownProcess {
  pid: number;
  start: string | null;
}

/** Undefined: none was written. */
export function readKnown(file: string): KnownProcess | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KnownProcess;
  } catch {
    return undefined;
  }
}

/** Replaces what is there. */
export function writeKnown(file: string, pid: number): void {
  renameSync(write(file, pid), file);
}

/** False: there is one already. */
export function claimKnown(file: string): boolean {
  const own = write(file, process.pid);
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Never seen half-written. */
function write(file: string, pid: number): string {
  const own = `${file}.${process.pid}.new`;
  writeFileSync(own, JSON.stringify({ pid, start: processStart(pid) } satisfies KnownProcess), { mode: 0o600 });
  return own;
}
