import type { SQLOutputValue } from 'node:sqlite';
import type { Address } from '../../address.ts';
import type { State, StateRecord } from '../../state/record.ts';
import type { ChangeText } from '../event-text.ts';
import type { Connection } from './connection.ts';
import { ID_SPAN } from './schema.ts';

const INSERT = 'INSERT INTO state (id, address, record, from_seq) VALUES (?, ?, ?, ?)';
const DELETE = 'DELETE FROM state WHERE id = ?';
const KEEP = `INSERT INTO state_history (environment, to_seq, address, from_seq, record)
  SELECT ?, ?, address, from_seq, record FROM state WHERE id = ?`;
const LIVING = 'SELECT id, address FROM state WHERE id > ? AND id < ? ORDER BY id';

/** Which row is the living one of each address, as it was right after the event `seq`. */
interface LivingRows {
  seq: number;
  ids: Map<string, number>;
  newestId: number;
}

/**
 * The recorded world over time. Finding an address's living row through an index would write ten scattered
 * pages for ten outcomes; a map in memory, checked against the chain's head, writes none.
 */
export class StateTable {
  readonly #connection: Connection;
  readonly #living = new Map<number, LivingRows>();
  /** What was read last of each environment: planning, applying and reporting ask one after the other. */
  readonly #newest = new Map<number, { stateSeq: number; state: State }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Applies one event's effect; `head` is the chain's end before the transaction's first event. Returns
   * whether anything changed.
   */
  apply(environment: number, head: number, seq: number, changes: readonly ChangeText[]): boolean {
    const living = this.#livingRows(environment, head);
    let changed = false;
    for (const { address, record } of changes) {
      const id = living.ids.get(address);
      if (id !== undefined) {
        this.#connection.run(KEEP, environment, seq, id);
        this.#connection.run(DELETE, id);
        living.ids.delete(address);
        changed = true;
      }
      if (record !== undefined) {
        living.newestId += 1;
        this.#connection.run(INSERT, living.newestId, address, record, seq);
        living.ids.set(address, living.newestId);
        changed = true;
      }
    }
    return changed;
  }

  /** The transaction came about: what is in memory belongs to `seq`. */
  advance(environment: number, from: number, seq: number): void {
    const living = this.#living.get(environment);
    if (living?.seq === from) living.seq = seq;
  }

  /** The transaction didn't come about. */
  forget(environment: number): void {
    this.#living.delete(environment);
  }

  /** As it is after the event `stateSeq`, the newest that changed anything. */
  readNow(environment: number, stateSeq: number): State {
    const known = this.#newest.get(environment);
    if (known?.stateSeq === stateSeq) return known.state;
    const sql = 'SELECT address, record FROM state WHERE id > ? AND id < ? ORDER BY id';
    const state = toState(this.#connection.statement(sql).iterate(...idRange(environment)));
    this.#newest.set(environment, { stateSeq, state });
    return state;
  }

  /** As it was after the event `at`: what lives and began by then, and what ended since. */
  readAt(environment: number, at: number): State {
    const living = `SELECT address, record FROM state WHERE id > ? AND id < ? AND from_seq <= ?`;
    // History from before `at` isn't touched.
    const ended = `SELECT address, record FROM state_history WHERE environment = ? AND to_seq > ? AND from_seq <= ?`;
    const statement = this.#connection.statement(`${living} UNION ALL ${ended}`);
    return toState(statement.iterate(...idRange(environment), at, environment, at, at));
  }

  record(environment: number, head: number, address: string): StateRecord | undefined {
    const id = this.#livingRows(environment, head).ids.get(address);
    if (id === undefined) return undefined;
    const row = this.#connection.get<{ record: string }>('SELECT record FROM state WHERE id = ?', id);
    return row === undefined ? undefined : (JSON.parse(row.record) as StateRecord);
  }

  /** Which addresses changed after `seq`, in the order of their newest change. */
  changedSince(environment: number, seq: number): { address: Address; seq: number }[] {
    const sql = `SELECT address, max(seq) AS seq FROM (
        SELECT address, from_seq AS seq FROM state WHERE id > ? AND id < ? AND from_seq > ?
        UNION ALL SELECT address, to_seq FROM state_history WHERE environment = ? AND to_seq > ?
      ) GROUP BY address ORDER BY max(seq), address`;
    return this.#connection.all(sql, ...idRange(environment), seq, environment, seq);
  }

  #livingRows(environment: number, head: number): LivingRows {
    const known = this.#living.get(environment);
    if (known !== undefined && known.seq === head) return known;
    const ids = new Map<string, number>();
    let newestId = environment * ID_SPAN;
    for (const row of this.#connection.statement(LIVING).iterate(...idRange(environment))) {
      newestId = row.id as number;
      ids.set(row.address as string, newestId);
    }
    const living = { seq: head, ids, newestId };
    this.#living.set(environment, living);
    return living;
  }
}

function toState(rows: Iterable<Record<string, SQLOutputValue>>): State {
  const state = new Map<Address, StateRecord>();
  for (const row of rows) state.set(row.address as Address, JSON.parse(row.record as string) as StateRecord);
  return state;
}

/** The ids of an environment lie between these two. */
function idRange(environment: number): [number, number] {
  return [environment * ID_SPAN, (environment + 1) * ID_SPAN];
}
