import type { Address } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { State, StateRecord } from '../state/record.ts';
import type { JournalEvent, NewEvent } from './event.ts';
import type { Journal, JournalEntry, Redactor } from './journal.ts';
import { redactEntry } from './redact-entry.ts';
import { applyChanges } from './replay.ts';
import type { Store } from './store.ts';

export interface JournalOptions {
  store: Store;
  environment: string;
  /** Of the lock that this process holds. */
  epoch: number;
  deployment: string;
  /** The recorded world before the first entry; copied. */
  state: State;
  redactor: Redactor;
  /** Ms since 1970. Default: the system's clock. */
  now?: () => number;
}

/** So many entries at most in one transaction, so that other writers and timers get their turn. */
const MOST_IN_ONE = 1_000;

interface Waiting {
  event: NewEvent;
  resolve: (event: JournalEvent) => void;
  reject: (error: unknown) => void;
}

/**
 * Makes the write side of one deployment. Entries are redacted and applied to `state` when handed in, and
 * written together once the turn of the event loop has run its callbacks: whatever ten handlers that finish
 * in one turn report, and the intents that follow from it, is one durable transaction.
 *
 * The caller bounds what is queued by waiting for its entries.
 */
export function createJournal(options: JournalOptions): Journal {
  return new JournalWriter(options);
}

class JournalWriter implements Journal {
  readonly deployment: string;
  readonly environment: string;
  readonly epoch: number;
  readonly #store: Store;
  readonly #redactor: Redactor;
  readonly #now: () => number;
  readonly #state: Map<Address, StateRecord>;
  readonly #listeners = new Set<(event: JournalEvent) => void>();
  #queue: Waiting[] = [];
  /** The writing that is scheduled or under way. */
  #writing: Promise<void> | undefined;
  #failure: SlipwayError | undefined;

  constructor(options: JournalOptions) {
    this.deployment = options.deployment;
    this.environment = options.environment;
    this.epoch = options.epoch;
    this.#store = options.store;
    this.#redactor = options.redactor;
    this.#now = options.now ?? Date.now;
    this.#state = new Map(options.state);
  }

  get state(): State {
    return this.#state;
  }

  record(address: Address): StateRecord | undefined {
    return this.#state.get(address);
  }

  append(entry: JournalEntry): Promise<JournalEvent> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const at = new Date(this.#now()).toISOString();
    const event = { ...redactEntry(entry, this.#redactor), at, deployment: this.deployment } as NewEvent;
    if (event.changes !== undefined) applyChanges(this.#state, event.changes);
    const { promise, resolve, reject } = Promise.withResolvers<JournalEvent>();
    // Who doesn't wait for an entry meets its failure at the next one, or in flush.
    promise.catch(() => {});
    this.#queue.push({ event, resolve, reject });
    this.#writing ??= this.#write();
    return promise;
  }

  subscribe(listener: (event: JournalEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Never rejects: a failure reaches those who wait for their entries. */
  async #write(): Promise<void> {
    while (this.#queue.length > 0 && this.#failure === undefined) {
      // After the callbacks of this turn, so that all they hand in is in one transaction.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#writeGroup(this.#queue.splice(0, MOST_IN_ONE));
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    let written: JournalEvent[];
    try {
      written = await this.#store.append(
        this.environment,
        this.epoch,
        group.map((waiting) => waiting.event),
      );
    } catch (error) {
      this.#fail(error, group);
      return;
    }
    written.forEach((event, index) => {
      group[index]?.resolve(event);
    });
    for (const event of written) this.#tell(event);
  }

  #fail(error: unknown, group: readonly Waiting[]): void {
    this.#failure =
      error instanceof SlipwayError
        ? error
        : new SlipwayError('journal-unavailable', `The journal of ${this.environment} can't be written.`, {
            subject: this.environment,
            hint: 'Look at the cause, then run `slipway resume`.',
            cause: error,
          });
    for (const waiting of [...group, ...this.#queue]) waiting.reject(this.#failure);
    this.#queue = [];
  }

  /** A listener that throws must not stop a deployment; it is told no more. */
  #tell(event: JournalEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        const reason = error instanceof Error ? error.message : String(error);
        process.emitWarning(this.#redactor.text(`A listener of the journal failed and was dropped: ${reason}`));
      }
    }
  }
}
