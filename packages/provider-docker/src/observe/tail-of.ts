import { Readable } from 'node:stream';
import type { Engine } from '../engine/connect.ts';
import { demultiplex } from './demultiplex.ts';
import { linesOf, type PrintedLine } from './lines-of.ts';

/** The last lines that a container printed, oldest first. */
export async function tailOf({ docker }: Engine, id: string, lines: number): Promise<PrintedLine[]> {
  if (lines <= 0) return [];
  const bytes = await docker
    .getContainer(id)
    .logs({ stdout: true, stderr: true, timestamps: true, tail: lines, follow: false });
  // A container that never ran has no log: the client makes an object of the empty answer.
  if (!Buffer.isBuffer(bytes)) return [];
  const found: PrintedLine[] = [];
  for await (const line of linesOf(demultiplex(Readable.from([bytes])))) found.push(line);
  return found.slice(-lines);
}

/** The last few, for a reason why something went wrong. */
export async function lastLines(engine: Engine, id: string): Promise<string[]> {
  return (await tailOf(engine, id, 3)).map(({ text }) => text);
}
