import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, LogLine } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import { type Fleet, fleetOf, type Host } from '../options.ts';
import { eachHost } from './each-host.ts';

/** How often hosts are asked for new lines. */
const POLL_MS = 500;
/** A line that doesn't end is cut after so many bytes. */
const LONGEST = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** How far one host's logs were read: by `REVISION/STREAM`, the place as the host names it and the line that hasn't ended. */
type Position = Map<string, { place: string; rest: Buffer }>;

/**
 * The newest lines of all revisions on all hosts, by time as far as that is known (a line of the past bears the time at
 * which its file was last written to), then new ones. A host that can't be reached is left out, and asked again.
 */
export async function* logs(
  context: CallContext,
  { service, lines, follow }: { service: string; lines: number; follow: boolean },
): AsyncIterable<LogLine> {
  const fleet = fleetOf(context);
  const positions = new Map<number, Position>(fleet.hosts.map(({ slot }) => [slot, new Map()]));
  const read = async (count: number | 'all', isLast: boolean) => {
    const over = { fleet, hosts: fleet.hosts, leaveOut: true };
    const { reached } = await eachHost(context, over, (host) =>
      readHost(context, { fleet, host }, { service, count, isLast }, positions.get(host.slot) as Position),
    );
    return reached.flatMap(({ value }) => value).sort(byTime);
  };
  const past = await read(Math.max(1, lines), !follow);
  yield* lines === 0 ? [] : past.slice(-lines);
  if (!follow) return;
  const quiet = { ...context, log: () => {} };
  for (;;) {
    await sleep(POLL_MS, undefined, { signal: context.signal }).catch(() => {});
    if (context.signal.aborted) return;
    const now = new Date().toISOString();
    for (const line of await readOn(quiet, () => read('all', false))) {
      yield line.stream === 'slipway' ? line : { ...line, at: now };
    }
  }
}

/** To the millisecond; to the second where the host's `date` knows nothing finer. */
const timeOf = (at: string) => (/\.\d{3}Z$/.test(at) ? at : `${at.slice(0, 19)}.000Z`);

/** In the same instant, what happened to an instance comes before what it said. */
function byTime(one: LogLine, other: LogLine): number {
  if (one.at !== other.at) return one.at < other.at ? -1 : 1;
  return Number(other.stream === 'slipway') - Number(one.stream === 'slipway');
}

/** While no host can be reached there is nothing new; being aborted is the usual end. */
async function readOn(context: CallContext, read: () => Promise<LogLine[]>): Promise<LogLine[]> {
  try {
    return await read();
  } catch (error) {
    if (context.signal.aborted || (error as { code?: string }).code === 'host-unreachable') return [];
    throw error;
  }
}

async function readHost(
  context: CallContext,
  on: { fleet: Fleet; host: Host },
  { service, count, isLast }: { service: string; count: number | 'all'; isLast: boolean },
  position: Position,
): Promise<LogLine[]> {
  const known = [...position].map(([name, { place }]) => `${name}=${place}`);
  const { stdout } = await callHost(context, on, 'logs', [service, count, ...known]);
  const found: LogLine[] = [];
  for (const row of stdout.split('\n')) {
    const [kind, revision = '', stream, place = '', at = '', encoded = ''] = row.split(' ');
    if (kind !== 'log') continue;
    const name = `${revision}/${stream}`;
    const bytes = Buffer.concat([position.get(name)?.rest ?? EMPTY, Buffer.from(encoded, 'base64')]);
    const end = bytes.lastIndexOf('\n') + 1;
    const isCut = bytes.length > end && (isLast || bytes.length - end > LONGEST);
    // A character of several bytes may not be here whole yet: only what ended is text.
    const whole = bytes.toString('utf8', 0, isCut ? bytes.length : end).split('\n');
    if (!isCut) whole.pop();
    position.set(name, { place, rest: isCut ? EMPTY : bytes.subarray(end) });
    const head = { at: timeOf(at), revision, slot: on.host.slot, stream: stream as LogLine['stream'] };
    for (const text of whole) found.push(toLine({ ...head, text }));
  }
  return found;
}

/** The supervisor writes the time before its words. */
function toLine(line: LogLine): LogLine {
  const space = line.text.indexOf(' ');
  if (line.stream !== 'slipway' || space < 0) return line;
  return { ...line, at: line.text.slice(0, space).replace(/Z$/, '.000Z'), text: line.text.slice(space + 1) };
}
