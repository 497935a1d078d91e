import { Readable } from 'node:stream';
import type { Engine } from '../engine/connect.ts';
import { demultiplex } from './demultiplex.ts';
import { linesOf, type PrintedLine } from './lines-of.ts';

const LAST = 3;
/** A stamp that tells no parts of a second. */
const COARSE = /:\d\d(Z|[+-]\d\d:\d\d)$/;

/**
 * The last lines that a container printed, oldest first; a few more where the engine stamps by the second: all of the
 * last one, so that it can be told which of them were read.
 */
export async function tailOf(engine: Engine, id: string, lines: number): Promise<PrintedLine[]> {
  if (lines <= 0) return [];
  const tail = (await printed(engine, id, { tail: lines })).slice(-lines);
  const last = tail.at(-1)?.at ?? '';
  if (!COARSE.test(last)) return tail;
  const newest = await printed(engine, id, { since: Math.floor(Date.parse(last) / 1000) });
  return [...tail.filter(({ at }) => at < last), ...newest.filter(({ at }) => at >= last)];
}

async function printed(
  { docker }: Engine,
  id: string,
  part: { tail: number } | { since: number },
): Promise<PrintedLine[]> {
  const bytes = await docker
    .getContainer(id)
    .logs({ stdout: true, stderr: true, timestamps: true, follow: false, ...part });
  // A container that never ran has no log: the client makes an object of the empty answer.
  if (!Buffer.isBuffer(bytes)) return [];
  const found: PrintedLine[] = [];
  for await (const line of linesOf(demultiplex(Readable.from([bytes])))) found.push(line);
  return found;
}

/** The last few, for a reason why something went wrong. */
export async function lastLines(engine: Engine, id: string): Promise<string[]> {
  return (await tailOf(engine, id, LAST)).slice(-LAST).map(({ text }) => text);
}
