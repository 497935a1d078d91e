import type { Address } from '../address.ts';
import type { State, StateRecord } from '../state/record.ts';
import type { JournalEvent, NewEvent } from './event.ts';

/** An event as the engine hands it in: the journal adds the time, redacts and appends. */
export type JournalEntry = NewEvent extends infer E
  ? E extends NewEvent
    ? Omit<E, 'at' | 'deployment'>
    : never
  : never;

/**
 * The write side of one deployment under one lock: what the engine appends to. Entries handed in during
 * one turn of the event loop are written as one durable transaction (group commit), in order.
 */
export interface Journal {
  readonly deployment: string;
  readonly environment: string;
  readonly epoch: number;
  /**
   * Queues at once, in call order; resolves when durable. After one failure every later append is
   * refused with the same error: no effect may follow a journal that can't be written.
   */
  append(entry: JournalEntry): Promise<JournalEvent>;
  /** The recorded world with every entry handed in so far, durable or not. */
  readonly state: State;
  record(address: Address): StateRecord | undefined;
  /** Told of each event after it became durable, in order. Returns the way to stop listening. */
  subscribe(listener: (event: JournalEvent) => void): () => void;
  /** Resolves when everything handed in is durable. */
  flush(): Promise<void>;
}

/** Takes secrets out of whatever is about to be written. */
export interface Redactor {
  /** Text for people and logs: each secret's value becomes `${secret:NAME}`. */
  text(text: string): string;
  /** A deep copy with every string value redacted; keys stay. Returns the same object when nothing was found. */
  value<T>(value: T): T;
}
