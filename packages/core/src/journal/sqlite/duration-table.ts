import type { NewEvent } from '../event.ts';
import { leftAsIs } from '../left-as-is.ts';
import type { Connection } from './connection.ts';
import { ID_SPAN } from './schema.ts';

/** Only these texts can be events that matter; what merely contains one is sorted out after parsing. */
const SELECT = `SELECT content FROM events WHERE id > ? AND id < ? AND
  (instr(content, '"type":"step.succeeded"') OR instr(content, '"type":"step.settled"')) ORDER BY id`;
const UPSERT = `INSERT INTO durations (environment, step, ms) VALUES (?, ?, ?)
  ON CONFLICT (environment, step) DO UPDATE SET ms = excluded.ms`;

/** What a fold of events carries on with. */
interface Fold {
  /** In ms, by step. */
  durations: Map<string, number>;
  /** Deployment and step of what was found done, until it is recorded as such. */
  settled: Set<string>;
}

/** The part of one environment's chain that this process wrote itself, as far as it says how long steps took. */
interface Written {
  /** After this number, up to and with `to`. */
  from: number;
  to: number;
  events: NewEvent[];
}

/**
 * Durations are folded out of the journal: when read, for what is newer than the table; into the table,
 * when a deployment ends. Writing each with its outcome would dirty a scattered page for every step. Whoever wrote
 * everything since then itself needn't read it again.
 */
export class DurationTable {
  readonly #connection: Connection;
  readonly #written = new Map<number, Written>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Everything known, with what is newer than the table's `after`. */
  read(environment: number, after: number): Map<string, number> {
    const fold: Fold = { durations: this.#kept(environment), settled: new Set() };
    this.#foldStored(environment, after, fold);
    return fold.durations;
  }

  /** Takes note of events that were written after the number `after`. */
  note(environment: number, after: number, events: readonly NewEvent[]): void {
    let written = this.#written.get(environment);
    if (written?.to !== after) written = { from: after, to: after, events: [] };
    for (const event of events) if (isTold(event)) written.events.push(event);
    written.to = after + events.length;
    this.#written.set(environment, written);
  }

  /** After a transaction that didn't come about. */
  forget(environment: number): void {
    this.#written.delete(environment);
  }

  /** Brings the table up to the journal's end; call it within the transaction that wrote the newest events. */
  keep(environment: number, after: number, seq: number): void {
    const known = this.#kept(environment);
    const fold: Fold = { durations: new Map(known), settled: new Set() };
    const written = this.#written.get(environment);
    if (written && written.from <= after && written.to === seq) for (const event of written.events) add(event, fold);
    else this.#foldStored(environment, after, fold);
    for (const [step, ms] of fold.durations) {
      if (known.get(step) !== ms) this.#connection.run(UPSERT, environment, step, ms);
    }
    this.#connection.run('UPDATE environments SET durations_seq = ? WHERE id = ?', seq, environment);
    this.#written.delete(environment);
  }

  #kept(environment: number): Map<string, number> {
    const kept = new Map<string, number>();
    const sql = 'SELECT step, ms FROM durations WHERE environment = ?';
    for (const row of this.#connection.statement(sql).iterate(environment)) {
      kept.set(row.step as string, row.ms as number);
    }
    return kept;
  }

  #foldStored(environment: number, after: number, fold: Fold): void {
    const base = environment * ID_SPAN;
    for (const { content } of this.#connection.statement(SELECT).iterate(base + after, base + ID_SPAN)) {
      add(JSON.parse(content as string) as NewEvent, fold);
    }
  }
}

function isTold({ type }: NewEvent): boolean {
  return type === 'step.succeeded' || type === 'step.settled';
}

function add(event: NewEvent, { durations, settled }: Fold): void {
  if (event.step === null) return;
  const run = `${event.deployment} ${event.step}`;
  if (event.type === 'step.settled' && event.data.as === 'done') settled.add(run);
  // A step that was found done, or had nothing to do, took no time that says anything about the next.
  if (event.type !== 'step.succeeded' || settled.delete(run) || leftAsIs(event.data) !== undefined) return;
  const known = durations.get(event.step);
  const { durationMs } = event.data;
  durations.set(event.step, known === undefined ? durationMs : (known + durationMs) / 2);
}
