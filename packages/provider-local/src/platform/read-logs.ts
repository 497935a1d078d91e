import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, LogLine } from '@slipway/core/provider';
import { logDirectory } from '../agent/locations.ts';
import { findLogs, type LogStream } from '../agent/log-files.ts';
import { readOn, readTail } from './log-tail.ts';

const LOOK_EVERY_MS = 250;

type LogQuery = { service: string; lines: number; follow: boolean };
type Log = { revision: string; stream: LogStream; file: string };

/**
 * The newest lines of all of a service's revisions, oldest first, then new ones. Needs no agent: the files
 * are there. Services write them without times, so a line's is when the agent first saw it, to the second.
 */
export async function* readLogs(context: CallContext, { service, lines, follow }: LogQuery): AsyncGenerator<LogLine> {
  const directory = logDirectory(context.stateDirectory, { environment: context.environment, service });
  const ends = new Map<string, number>();
  const history: LogLine[] = [];
  for (const log of findLogs(directory)) {
    const tail = readTail(log.file, lines, !follow);
    ends.set(log.file, tail.end);
    for (const { text, at } of tail.lines) history.push(toLine(log, text, at));
  }
  history.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  yield* lines > 0 ? history.slice(-lines) : [];
  while (follow && !context.signal.aborted) {
    for (const log of findLogs(directory)) yield* readNew(log, ends);
    await sleep(LOOK_EVERY_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}

function* readNew(log: Log, ends: Map<string, number>): Generator<LogLine> {
  const from = ends.get(log.file) ?? 0;
  const size = statSync(log.file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < from) {
    // It was rotated: what was not read yet is in the copy.
    yield* readAll(log, `${log.file}.1`, from);
    ends.set(log.file, 0);
  }
  if (size > 0) ends.set(log.file, yield* readAll(log, log.file, ends.get(log.file) ?? 0));
}

/** Returns where it stopped. */
function* readAll(log: Log, file: string, from: number): Generator<LogLine, number> {
  let end = from;
  for (;;) {
    const read = readOn(file, end);
    const now = new Date().toISOString();
    for (const text of read.lines) yield toLine(log, text, now);
    if (read.end === end) return end;
    end = read.end;
  }
}

function toLine({ revision, stream }: Log, text: string, at: string): LogLine {
  if (stream !== 'slipway') return { at, revision, stream, text };
  const space = text.indexOf(' ');
  return { at: text.slice(0, space), revision, stream, text: text.slice(space + 1) };
}
