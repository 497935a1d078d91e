import { SlipwayError } from '../../errors.ts';
import type { JournalEvent } from '../event.ts';
import { CHAIN_START, readEventText } from '../event-text.ts';
import type { Connection } from './connection.ts';
import { ID_SPAN } from './schema.ts';

/** A part of one environment's chain, oldest first. */
export interface EventRange {
  environment: number;
  /** Only after this number. */
  after: number;
  /** Up to and with this number. Default: to the end. */
  last?: number;
  /** Only this deployment's. */
  deployment?: string;
  limit: number;
}

const SELECT = 'SELECT id, content, hash FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?';
const SELECT_PREVIOUS = 'SELECT hash FROM events WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT 1';
const INSERT = 'INSERT INTO events (id, content, hash) VALUES (?, ?, ?)';

export function insertEvent(connection: Connection, environment: number, seq: number, content: string, hash: string) {
  connection.run(INSERT, environment * ID_SPAN + seq, content, hash);
}

/** Reads a range; call it in a transaction, so that all of it is of one moment. */
export function readEvents(connection: Connection, range: EventRange): JournalEvent[] {
  const { environment, after, last = ID_SPAN - 1, deployment, limit } = range;
  const base = environment * ID_SPAN;
  const events: JournalEvent[] = [];
  if (limit <= 0) return events;
  let previous = connection.get<{ hash: string }>(SELECT_PREVIOUS, base, base + after)?.hash ?? CHAIN_START;
  // Others' events in between are read and left out: deployments of one environment hardly interleave.
  const rows = connection.statement(SELECT).iterate(base + after, base + last, deployment === undefined ? limit : -1);
  for (const row of rows) {
    const hash = row.hash as string;
    const event = readRecord(row.content as string, previous, hash, (row.id as number) - base);
    previous = hash;
    if (deployment !== undefined && event.deployment !== deployment) continue;
    events.push(event);
    if (events.length >= limit) break;
  }
  return events;
}

function readRecord(content: string, previous: string, hash: string, seq: number): JournalEvent {
  try {
    return readEventText(content, previous, hash);
  } catch (cause) {
    throw new SlipwayError('journal-tampered', `Record ${seq} of the journal is not readable.`, {
      hint: 'Run `slipway audit verify`.',
      cause,
    });
  }
}
