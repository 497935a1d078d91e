import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { explainSqliteError } from './errors.ts';

/** How long a call waits for another process's transaction, which holds the file for milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * One connection to the state file: statements prepared once, transactions that take the write lock when
 * they begin (a deferred one could fail half-way because another process wrote meanwhile).
 */
export class Connection {
  readonly file: string;
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Throws SQLite's own errors; `file` must be readable as a database from here on. */
  constructor(file: string) {
    this.file = file;
    this.database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  }

  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** The first row, shaped as the statement says. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastInsertRowid: number } {
    return this.statement(sql).run(...values) as { changes: number; lastInsertRowid: number };
  }

  /** Runs reads that must see one and the same moment. */
  read<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  /** Runs `work` in one durable transaction: all of it or, when it throws, nothing. */
  write<T>(work: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  #transaction<T>(begin: string, work: () => T): T {
    try {
      this.statement(begin).run();
      const result = work();
      this.statement('COMMIT').run();
      return result;
    } catch (error) {
      this.rollback();
      throw explainSqliteError(error, this.file);
    }
  }

  /** Ends an open transaction without effect. */
  rollback(): void {
    if (this.database.isOpen && this.database.isTransaction) this.database.exec('ROLLBACK');
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}
