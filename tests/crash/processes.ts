import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that belongs to a folder: it runs in it, or its environment or its arguments name it. */
export interface Found {
  pid: number;
  command: string;
  env: Readonly<Record<string, string>>;
}

/** Every process of a folder, this one and those in `except` left out. Reads /proc. */
export function processesOf(directory: string, except: readonly number[] = []): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || except.includes(pid)) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      if (![command, environ, `${cwd}/`].some((text) => text.includes(`${directory}/`))) continue;
      found.push({ pid, command, env: parse(environ) });
    } catch {
      // Gone in between, or a zombie: nothing of it runs.
    }
  }
  return found;
}

function parse(environ: string): Record<string, string> {
  const pairs = environ.split('\0').filter((line) => line.includes('='));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Waits until none is left of a folder, and returns those that are after `withinMs`. */
export async function straysOf(
  directory: string,
  withinMs: number,
  expected: readonly number[] = [],
): Promise<Found[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = processesOf(directory, expected);
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(50);
  }
}
