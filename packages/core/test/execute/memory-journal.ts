import type { Address } from '../../src/address.ts';
import type { JournalEvent } from '../../src/journal/event.ts';
import type { Journal, JournalEntry } from '../../src/journal/journal.ts';
import type { StateRecord } from '../../src/state/record.ts';

export interface MemoryJournalOptions {
  /** What earlier runs left. */
  durable?: readonly JournalEvent[];
  /** The process dies with the write that holds the n-th event of this run (1 for the first). */
  dieAt?: number;
  /** Whether that write is still found afterwards. Default false. */
  lastWriteSurvives?: boolean;
  /** From the n-th event of this run on, every write is refused with {@link refusal}. */
  refuseFrom?: number;
}

export const refusal = new Error('the disk is full');

interface Queued {
  entry: JournalEntry;
  resolve: (event: JournalEvent) => void;
  reject: (error: unknown) => void;
}

/**
 * A journal in memory that keeps the contract: entries of one turn become durable together, in order.
 * When it dies, nothing is answered any more, as for a process that was killed.
 */
export class MemoryJournal implements Journal {
  readonly deployment = 'd1';
  readonly environment = 'dev';
  readonly epoch = 1;
  readonly state = new Map<Address, StateRecord>();
  readonly durable: JournalEvent[];
  /** Sizes of the writes. */
  readonly writes: number[] = [];
  readonly died: Promise<void>;
  readonly #options: MemoryJournalOptions;
  readonly #earlier: number;
  readonly #listeners = new Set<(event: JournalEvent) => void>();
  #queue: Queued[] = [];
  #failed = false;
  #dead = false;
  #die!: () => void;

  constructor(options: MemoryJournalOptions = {}) {
    this.#options = options;
    this.durable = [...(options.durable ?? [])];
    this.#earlier = this.durable.length;
    for (const event of this.durable) this.#apply(event);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get isDead(): boolean {
    return this.#dead;
  }

  append(entry: JournalEntry): Promise<JournalEvent> {
    if (this.#failed) return Promise.reject(refusal);
    this.#apply(entry);
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#write());
      this.#queue.push({ entry, resolve, reject });
    });
  }

  record(address: Address): StateRecord | undefined {
    return this.state.get(address);
  }

  subscribe(listener: (event: JournalEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    while (this.#queue.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Durable events of this deployment's step, by type. */
  typesOf(step: string): string[] {
    return this.durable.filter((event) => event.step === step).map((event) => event.type);
  }

  #write(): void {
    const group = this.#queue;
    this.#queue = [];
    if (this.#dead) return;
    const reaches = this.durable.length - this.#earlier + group.length;
    if (this.#options.refuseFrom !== undefined && reaches >= this.#options.refuseFrom) {
      this.#failed = true;
      for (const queued of group) queued.reject(refusal);
      return;
    }
    const dies = this.#options.dieAt !== undefined && reaches >= this.#options.dieAt;
    if (!dies || this.#options.lastWriteSurvives) this.#keep(group, !dies);
    if (!dies) return;
    this.#dead = true;
    this.#die();
  }

  #keep(group: Queued[], answer: boolean): void {
    this.writes.push(group.length);
    for (const { entry, resolve } of group) {
      const seal = { environment: 'dev', seq: this.durable.length + 1, epoch: 1, previous: '', hash: '' };
      const event = { ...entry, ...seal, deployment: this.deployment, at: new Date().toISOString() } as JournalEvent;
      this.durable.push(event);
      if (!answer) continue;
      resolve(event);
      for (const listener of this.#listeners) listener(event);
    }
  }

  #apply(entry: Pick<JournalEvent, 'changes'>): void {
    for (const change of entry.changes ?? []) {
      if ('put' in change) this.state.set(change.put.address, change.put);
      else this.state.delete(change.remove);
    }
  }
}
