import type { ErrorRecord } from '../errors.ts';
import type { JournalEvent } from '../journal/event.ts';
import type { Journal, JournalEntry } from '../journal/journal.ts';
import type { StateChange } from '../state/record.ts';
import type { Settlement, StepOutcome } from './handler.ts';
import type { ContextJournal } from './step-context.ts';

/** One attempt that failed, as it is written down. */
export interface FailedAttempt {
  attempt: number;
  durationMs: number;
  error: ErrorRecord;
}

/**
 * Writes what happens to steps into the journal, by their ids. Each method queues at once; `onFailure` is
 * told of a write that failed, whoever waits for it.
 */
export class StepRecorder {
  readonly #journal: Journal;
  readonly #onFailure: (error: unknown) => void;
  #lastWrite: Promise<unknown> | undefined;

  constructor(journal: Journal, onFailure: (error: unknown) => void) {
    this.#journal = journal;
    this.#onFailure = onFailure;
  }

  append(entry: JournalEntry): Promise<JournalEvent> {
    const written = this.#journal.append(entry);
    written.then(undefined, this.#onFailure);
    this.#lastWrite = written;
    return written;
  }

  /** The same journal, for who writes of a step besides the run. */
  forSteps(): ContextJournal {
    const { deployment, environment } = this.#journal;
    const record: ContextJournal['record'] = (address) => this.#journal.record(address);
    return { deployment, environment, record, append: (entry) => this.append(entry) };
  }

  /** Resolves when everything written is durable: the journal keeps the order, so the last one is enough. */
  async durable(): Promise<void> {
    await this.#lastWrite;
  }

  /** The intent; its effect may begin when this resolves. */
  started(step: string, attempt: number, token: string): Promise<JournalEvent> {
    return this.append({ type: 'step.started', step, data: { attempt, token } });
  }

  succeeded(step: string, outcome: StepOutcome, durationMs: number): void {
    const { detail, artifact, changes } = outcome;
    const data = {
      durationMs,
      ...(detail === undefined ? {} : { detail }),
      ...(artifact === undefined ? {} : { artifact }),
    };
    void this.append({ type: 'step.succeeded', step, data, ...changed(changes) });
  }

  failed(step: string, failed: FailedAttempt, changes: StateChange[]): void {
    void this.append({ type: 'step.failed', step, data: { ...failed, final: true }, ...changed(changes) });
  }

  retrying(step: string, failed: FailedAttempt, retryInMs: number): void {
    void this.append({ type: 'step.failed', step, data: { ...failed, final: false, retryInMs } });
  }

  /** How a doubt was settled; the outcome that it means is written right after, in the same turn. */
  settled(step: string, as: Exclude<Settlement['as'], 'unknown'>, how: string, changes: StateChange[] = []): void {
    void this.append({ type: 'step.settled', step, data: { as, how }, ...changed(changes) });
  }

  unknown(step: string, look: string): void {
    void this.append({ type: 'step.unknown', step, data: { look } });
  }

  /** It waits for a person; null: it goes on. */
  waiting(step: string, reason: string | null): void {
    void this.append({ type: 'step.waiting', step, data: { reason } });
  }

  skipped(step: string, reason: string): void {
    void this.append({ type: 'step.skipped', step, data: { reason } });
  }

  cancelled(step: string, reason: string): void {
    void this.append({ type: 'step.cancelled', step, data: { reason } });
  }
}

function changed(changes: StateChange[]): { changes?: StateChange[] } {
  return changes.length > 0 ? { changes } : {};
}
