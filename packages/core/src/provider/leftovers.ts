import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SlipwayError } from '../errors.ts';
import { processEnviron } from './process-environ.ts';

/** How long killed processes may take to vanish. */
const GONE_WITHIN_MS = 10_000;

/** Pids of this user's live processes whose environment holds `NAME=value`, the caller's own excepted. */
export async function processesMarked(name: string, value: string): Promise<number[]> {
  const marker = `${name}=${value}`;
  const pids = process.platform === 'linux' ? await scanProc(marker) : await scanPs(marker);
  return pids.filter((pid) => pid !== process.pid);
}

/**
 * Ends every process that carries the marker and waits until none is left, so that what an earlier,
 * killed run started can have no effect after this. Safe to repeat. Throws `process-stuck`.
 */
export async function endProcessesMarked(name: string, value: string): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const pids = await processesMarked(name, value);
    if (pids.length === 0) return;
    if (Date.now() > deadline) {
      throw new SlipwayError('process-stuck', `Processes ${pids.join(', ')} of an interrupted step do not end.`, {
        hint: 'End them by hand, then resume.',
        retryable: true,
      });
    }
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone in between, which is what we want.
      }
    }
    await sleep(10);
  }
}

/**
 * Waits until what an interrupted command started is gone: its leash ends it within moments. Ends nothing
 * itself, since the thing that a command made may be a process too; after `withinMs` that is what is left.
 */
export async function letProcessesEnd(name: string, value: string, withinMs = 2_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline && (await processesMarked(name, value)).length > 0) await sleep(20);
}

async function scanProc(marker: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const environ = await processEnviron(Number(entry));
      if (environ.split('\0').includes(marker)) found.push(Number(entry));
    } catch {
      // Another user's process, or gone in between.
    }
  }
  return found;
}

async function scanPs(marker: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .split('\n')
    .filter((line) => line.split(' ').includes(marker))
    .map((line) => Number.parseInt(line, 10));
}
