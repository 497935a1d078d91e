import type { Address } from '../address.ts';
import { sha256 } from '../json.ts';
import type { StateChange } from '../state/record.ts';
import type { JournalEvent, NewEvent } from './event.ts';

/** What the first record of a chain names as the hash before it. */
export const CHAIN_START = '0'.repeat(64);

/** What one event does to one address, with the record as the JSON text that is stored. */
export interface ChangeText {
  address: Address;
  /** Undefined: removed. */
  record: string | undefined;
}

/** An event made ready to be written: everything that doesn't depend on its place in the chain. */
export interface EventText {
  event: NewEvent;
  /** The event's effect, one entry for each address, in order; a later change of an address replaces an earlier one. */
  changes: ChangeText[];
  /** The members of the record's text after `epoch`. */
  rest: string;
}

/** Turns a new event into text, each record once: the same text goes into the journal and the state table. */
export function writeEventText(event: NewEvent): EventText {
  const head = `"at":${JSON.stringify(event.at)},"type":${JSON.stringify(event.type)},"deployment":${JSON.stringify(event.deployment)},"step":${JSON.stringify(event.step)},"data":${JSON.stringify(event.data)}`;
  if (event.changes === undefined) return { event, changes: [], rest: `${head}}` };
  const texts: string[] = [];
  const effect = new Map<Address, string | undefined>();
  for (const change of event.changes) {
    if ('put' in change) {
      const record = JSON.stringify(change.put);
      texts.push(`{"put":${record}}`);
      effect.set(change.put.address, record);
    } else {
      texts.push(`{"remove":${JSON.stringify(change.remove)}}`);
      effect.set(change.remove, undefined);
    }
  }
  const changes = Array.from(effect, ([address, record]) => ({ address, record }));
  return { event, changes, rest: `${head},"changes":[${texts.join(',')}]}` };
}

/** The exact text that is stored and hashed: JSON, members in one fixed order. */
export function placeEventText(text: EventText, environment: string, seq: number, epoch: number): string {
  return `{"environment":${JSON.stringify(environment)},"seq":${seq},"epoch":${epoch},${text.rest}`;
}

/** SHA-256, hex, over the hash of the record before and the record's text. */
export function chainHash(previous: string, content: string): string {
  return sha256(previous + content);
}

/** Reads a stored text back. Throws a SyntaxError when it is no JSON. */
export function readEventText(content: string, previous: string, hash: string): JournalEvent {
  const event = JSON.parse(content) as JournalEvent;
  event.previous = previous;
  event.hash = hash;
  return event;
}

/** The effect of changes on each address, as {@link writeEventText} gives it. */
export function effectOf(changes: readonly StateChange[]): ChangeText[] {
  const effect = new Map<Address, string | undefined>();
  for (const change of changes) {
    if ('put' in change) effect.set(change.put.address, JSON.stringify(change.put));
    else effect.set(change.remove, undefined);
  }
  return Array.from(effect, ([address, record]) => ({ address, record }));
}
