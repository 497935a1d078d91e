import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, LogLine } from '@slipway/core/provider';
import { logDirectory } from '../agent/locations.ts';
import { findLogs, type InstanceLog } from '../agent/log-files.ts';
import { readOn, readTail } from './log-tail.ts';

const LOOK_EVERY_MS = 250;

type LogQuery = { service: string; lines: number; follow: boolean };
/** `tagged`: its revision has several instances. */
type Log = InstanceLog & { tagged: boolean };

/**
 * The newest lines of all of a service's revisions and instances, oldest first, then new ones. Needs no agent: the files
 * are there. Services write them without times, so a line's is when the agent first saw it, to the second.
 */
export async function* readLogs(context: CallContext, { service, lines, follow }: LogQuery): AsyncGenerator<LogLine> {
  const directory = logDirectory(context.stateDirectory, { environment: context.environment, service });
  const ends = new Map<string, number>();
  const history: LogLine[] = [];
  for (const log of logsIn(directory)) {
    const tail = readTail(log.file, lines, !follow);
    ends.set(log.file, tail.end);
    for (const { text, at } of tail.lines) history.push(toLine(log, text, at));
  }
  history.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  yield* lines > 0 ? history.slice(-lines) : [];
  while (follow && !context.signal.aborted) {
    for (const log of logsIn(directory)) yield* readNew(log, ends);
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

function logsIn(directory: string): Log[] {
  const logs = findLogs(directory);
  const several = new Set(logs.flatMap(({ revision, slot }) => (slot > 0 ? revision : [])));
  return logs.map((log) => ({ ...log, tagged: several.has(log.revision) }));
}

function toLine({ revision, slot, stream, tagged }: Log, text: string, at: string): LogLine {
  const head = { revision, stream, ...(tagged ? { slot } : {}) };
  if (stream !== 'slipway') return { at, ...head, text };
  const space = text.indexOf(' ');
  return { at: text.slice(0, space), ...head, text: text.slice(space + 1) };
}
