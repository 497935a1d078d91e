import type { JournalEvent, NewEvent } from '../event.ts';
import { chainHash, type EventText, placeEventText, writeEventText } from '../event-text.ts';
import { indexArtifact } from './artifact-table.ts';
import type { Connection } from './connection.ts';
import type { DeploymentTable } from './deployment-table.ts';
import type { DurationTable } from './duration-table.ts';
import { insertEvent } from './event-table.ts';
import type { HeadRow, Heads } from './head.ts';
import type { LockTable } from './lock-table.ts';
import type { StateTable } from './state-table.ts';

export interface Tables {
  connection: Connection;
  heads: Heads;
  locks: LockTable;
  state: StateTable;
  deployments: DeploymentTable;
  durations: DurationTable;
}

/** One durable transaction: the fence, the events, and everything that follows from them. */
export function append(
  tables: Tables,
  environment: string,
  epoch: number,
  events: readonly NewEvent[],
): JournalEvent[] {
  const texts = events.map(writeEventText);
  let head: HeadRow | undefined;
  try {
    return tables.connection.write(() => {
      head = tables.heads.find(environment);
      tables.locks.refuseFenced(environment, epoch, head);
      if (texts.length === 0) return [];
      tables.heads.verify(environment, head);
      return writeEvents(tables, environment, epoch, head, texts);
    });
  } catch (error) {
    tables.heads.distrust(environment);
    if (head !== undefined) {
      tables.state.forget(head.id);
      tables.durations.forget(head.id);
    }
    throw error;
  }
}

/** Writes them at the end of the chain, within a transaction and under a right that the caller has checked. */
export function writeEvents(
  tables: Tables,
  environment: string,
  epoch: number,
  head: HeadRow,
  texts: readonly EventText[],
): JournalEvent[] {
  const { connection, heads, state, deployments, durations } = tables;
  const written: JournalEvent[] = [];
  let { seq, hash, stateSeq } = head;
  for (const text of texts) {
    seq += 1;
    const content = placeEventText(text, environment, seq, epoch);
    const previous = hash;
    hash = chainHash(previous, content);
    insertEvent(connection, head.id, seq, content, hash);
    if (text.changes.length > 0 && state.apply(head.id, head.seq, seq, text.changes)) stateSeq = seq;
    indexArtifact(connection, head.id, seq, text.event);
    written.push({ ...text.event, environment, seq, epoch, previous, hash });
  }
  heads.move(environment, head, seq, hash, stateSeq);
  const events = texts.map((text) => text.event);
  deployments.apply({ id: head.id, name: environment }, head.seq + 1, events);
  durations.note(head.id, head.seq, events);
  if (events.some((event) => event.type === 'deployment.ended')) durations.keep(head.id, head.durationsSeq, seq);
  state.advance(head.id, head.seq, seq);
  return written;
}
