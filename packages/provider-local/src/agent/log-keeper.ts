import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { ROTATIONS, timesFile } from './log-files.ts';
import { LogMask } from './log-mask.ts';

const ROTATE_AT_BYTES = 10 * 1024 * 1024;
const LOOK_EVERY_MS = 1_000;

/**
 * Keeps log files that others write to within bounds and free of secrets, and notes when they grew. Rotates by copying and
 * truncating, because the writers hold the file open; lines written in that instant may be lost.
 */
export class LogKeeper {
  readonly #sizes = new Map<string, number>();
  readonly #masks = new Map<string, LogMask>();
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** `secrets`, in clear, are made unreadable soon after they were written. Safe to repeat. */
  keep(file: string, secrets: readonly string[] = []): void {
    if (secrets.length > 0) this.#masks.set(file, new LogMask(secrets));
    if (!this.#sizes.has(file)) this.#sizes.set(file, lastEnd(timesFile(file)));
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Takes the last look at it and leaves it alone from then on. */
  release(file: string): void {
    if (this.#sizes.has(file)) this.#lookAt(file);
    this.#sizes.delete(file);
    this.#masks.delete(file);
    if (this.#sizes.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const file of this.#sizes.keys()) this.#lookAt(file);
  }

  #lookAt(file: string): void {
    try {
      const found = statSync(file, { throwIfNoEntry: false });
      const before = this.#sizes.get(file) ?? 0;
      if (!found || found.size === before) return;
      if (found.size < before) rmSync(timesFile(file), { force: true });
      const mask = this.#masks.get(file);
      mask?.apply(file, found.size < before ? 0 : before);
      appendFileSync(timesFile(file), `${found.size} ${found.mtime.toISOString()}\n`, { mode: 0o600 });
      this.#sizes.set(file, found.size);
      if (found.size <= ROTATE_AT_BYTES) return;
      this.#sizes.set(file, rotate(file));
      mask?.apply(`${file}.1`, found.size);
    } catch (error) {
      this.#log(`log ${file} can't be kept: ${(error as Error).message}`);
    }
  }
}

/** Returns the size after it, which is 0. */
function rotate(file: string): number {
  for (let number = ROTATIONS; number > 1; number--) {
    renameIfThere(`${file}.${number - 1}`, `${file}.${number}`);
    renameIfThere(timesFile(`${file}.${number - 1}`), timesFile(`${file}.${number}`));
  }
  copyFileSync(file, `${file}.1`);
  appendFileSync(`${file}.1`, readFrom(file, statSync(`${file}.1`).size));
  truncateSync(file, 0);
  renameIfThere(timesFile(file), timesFile(`${file}.1`));
  return 0;
}

/** What was written while the file was being copied. */
function readFrom(file: string, offset: number): Buffer {
  const rest = Buffer.alloc(Math.max(0, statSync(file).size - offset));
  const descriptor = openSync(file, 'r');
  try {
    return rest.subarray(0, readSync(descriptor, rest, 0, rest.length, offset));
  } finally {
    closeSync(descriptor);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function lastEnd(times: string): number {
  try {
    return Number.parseInt(readFileSync(times, 'utf8').trimEnd().split('\n').at(-1) as string, 10) || 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
