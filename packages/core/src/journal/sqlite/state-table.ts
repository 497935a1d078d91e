import type { Address } from '../../address.ts';
import type { State, StateRecord } from '../../state/record.ts';
import type { ChangeText } from '../event-text.ts';
import type { Connection } from './connection.ts';

const INSERT = 'INSERT INTO state (environment, address, record, from_seq) VALUES (?, ?, ?, ?)';
const CLOSE = 'UPDATE state SET to_seq = ? WHERE id = ?';
const LIVE = 'SELECT id, address FROM state WHERE environment = ? AND to_seq IS NULL';

/** Which row is the living one of each address, as it was right after the event `seq`. */
interface LiveRows {
  seq: number;
  rows: Map<string, number>;
}

/**
 * The recorded world over time. Finding an address's living row through an index would write ten scattered
 * pages for ten outcomes; a map in memory, checked against the chain's head, writes none.
 */
export class StateTable {
  readonly #connection: Connection;
  readonly #live = new Map<number, LiveRows>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Applies one event's effect; `head` is the chain's end before the transaction's first event. Returns
   * whether anything changed.
   */
  apply(environment: number, head: number, seq: number, changes: readonly ChangeText[]): boolean {
    const { rows } = this.#liveRows(environment, head);
    let changed = false;
    for (const { address, record } of changes) {
      const living = rows.get(address);
      if (living !== undefined) {
        this.#connection.run(CLOSE, seq, living);
        rows.delete(address);
        changed = true;
      }
      if (record !== undefined) {
        const { lastInsertRowid } = this.#connection.run(INSERT, environment, address, record, seq);
        rows.set(address, lastInsertRowid);
        changed = true;
      }
    }
    return changed;
  }

  /** The transaction came about: what is in memory belongs to `seq`. */
  advance(environment: number, from: number, seq: number): void {
    const live = this.#live.get(environment);
    if (live === undefined) return;
    if (live.seq === from) live.seq = seq;
    else this.#live.delete(environment);
  }

  /** The transaction didn't come about. */
  forget(environment: number): void {
    this.#live.delete(environment);
  }

  read(environment: number, at: number | undefined): State {
    const rows = at === undefined ? this.#readNow(environment) : this.#readAt(environment, at);
    const state = new Map<Address, StateRecord>();
    for (const { address, record } of rows) state.set(address, JSON.parse(record) as StateRecord);
    return state;
  }

  record(environment: number, head: number, address: string): StateRecord | undefined {
    const id = this.#liveRows(environment, head).rows.get(address);
    if (id === undefined) return undefined;
    const row = this.#connection.get<{ record: string }>('SELECT record FROM state WHERE id = ?', id);
    return row === undefined ? undefined : (JSON.parse(row.record) as StateRecord);
  }

  changedSince(environment: number, seq: number): { address: Address; seq: number }[] {
    const sql = `SELECT address, max(seq) AS seq FROM (
        SELECT address, from_seq AS seq FROM state WHERE environment = ?1 AND from_seq > ?2
        UNION ALL SELECT address, to_seq FROM state WHERE environment = ?1 AND to_seq > ?2
      ) GROUP BY address ORDER BY seq, address`;
    return this.#connection.all<{ address: Address; seq: number }>(sql, environment, seq);
  }

  #readNow(environment: number): { address: Address; record: string }[] {
    const sql = 'SELECT address, record FROM state WHERE environment = ? AND to_seq IS NULL';
    return this.#connection.all(sql, environment);
  }

  /** The living rows that began by then, and those that ended since: history before `at` isn't touched. */
  #readAt(environment: number, at: number): { address: Address; record: string }[] {
    const sql = `SELECT address, record FROM state WHERE environment = ?1 AND to_seq IS NULL AND from_seq <= ?2
      UNION ALL SELECT address, record FROM state WHERE environment = ?1 AND to_seq > ?2 AND from_seq <= ?2`;
    return this.#connection.all(sql, environment, at);
  }

  #liveRows(environment: number, head: number): LiveRows {
    const known = this.#live.get(environment);
    if (known !== undefined && known.seq === head) return known;
    const rows = new Map<string, number>();
    for (const row of this.#connection.statement(LIVE).iterate(environment)) {
      rows.set(row.address as string, row.id as number);
    }
    const live = { seq: head, rows };
    this.#live.set(environment, live);
    return live;
  }
}
