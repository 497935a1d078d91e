import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { timesFile } from '../agent/log-files.ts';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export interface TailLine {
  text: string;
  /** ISO 8601: when it was first seen in the file; at the latest when the file was last written to. */
  at: string;
}

export interface Tail {
  lines: TailLine[];
  /** Where the last whole line ends. */
  end: number;
}

/** The last `count` lines of a log, a rotated one before it included; an unfinished last line only if `unfinished`. */
export function readTail(file: string, count: number, unfinished = true): Tail {
  const current = existsSync(file) ? readEnd(file, count, unfinished) : { lines: [], end: 0 };
  const older = `${file}.1`;
  if (current.lines.length >= count || !existsSync(older)) return current;
  return { ...current, lines: [...readEnd(older, count - current.lines.length, true).lines, ...current.lines] };
}

/** Whole lines from `offset` on, at most a chunk of them; a line that is longer than a chunk comes in parts. */
export function readOn(file: string, offset: number): { lines: string[]; end: number } {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const read = chunk.subarray(0, readSync(descriptor, chunk, 0, CHUNK_BYTES, offset));
    const newline = read.lastIndexOf(NEWLINE);
    if (newline >= 0) return { lines: split(read.subarray(0, newline)), end: offset + newline + 1 };
    if (read.length < CHUNK_BYTES) return { lines: [], end: offset };
    return { lines: split(read), end: offset + read.length };
  } finally {
    closeSync(descriptor);
  }
}

function readEnd(file: string, count: number, unfinished: boolean): Tail {
  const content = readBackwards(file, count + 1);
  const newline = content.bytes.lastIndexOf(NEWLINE);
  const end = content.start + newline + 1;
  const whole = newline < 0 ? [] : split(content.bytes.subarray(0, newline));
  // The first one may have begun before what was read.
  if (content.start > 0) whole.shift();
  const rest = content.bytes.subarray(newline + 1);
  const texts = unfinished && rest.length > 0 ? [...whole, rest.toString('utf8')] : whole;
  const timeOf = readTimes(file);
  let offset = end + (unfinished ? rest.length : 0);
  const lines: TailLine[] = [];
  for (const text of texts.reverse().slice(0, count)) {
    lines.unshift({ text, at: timeOf(offset) });
    offset -= Buffer.byteLength(text) + 1;
  }
  return { lines, end };
}

/** At least `count` newlines from the end, or everything. */
function readBackwards(file: string, count: number): { bytes: Buffer; start: number } {
  const descriptor = openSync(file, 'r');
  try {
    let bytes = Buffer.alloc(0);
    let start = fstatSync(descriptor).size;
    while (start > 0 && countNewlines(bytes) < count) {
      const size = Math.min(CHUNK_BYTES, start);
      const chunk = Buffer.alloc(size);
      start -= size;
      bytes = Buffer.concat([chunk.subarray(0, readSync(descriptor, chunk, 0, size, start)), bytes]);
    }
    return { bytes, start };
  } finally {
    closeSync(descriptor);
  }
}

/** When a line was there that ends before or at an offset. */
function readTimes(file: string): (end: number) => string {
  const latest = statSync(file).mtime.toISOString();
  const times = timesFile(file);
  if (!existsSync(times)) return () => latest;
  const marks = readFileSync(times, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]);
  return (end) => marks.find(([mark]) => Number(mark) >= end)?.[1] ?? latest;
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count++;
  return count;
}

const split = (bytes: Buffer) => bytes.toString('utf8').split('\n');
