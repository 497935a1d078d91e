import { SlipwayError } from '../../errors.ts';
import { CHAIN_START } from '../event-text.ts';
import { sealHead, sealRegister } from '../seal.ts';
import type { Connection } from './connection.ts';
import { keyIn, type StoreKey } from './key-mark.ts';
import { REGISTER, readRegister, registeredNames } from './register.ts';

/** An environment's row: where its chain ends and who may write. */
export interface HeadRow {
  id: number;
  epoch: number;
  /** As text; null: nobody. */
  holder: string | null;
  seq: number;
  hash: string;
  seal: string | null;
  stateSeq: number;
  durationsSeq: number;
}

const SELECT_HEAD = `SELECT id, epoch, holder, seq, hash, seal, state_seq AS stateSeq,
  durations_seq AS durationsSeq FROM environments WHERE name = ?`;
const UPDATE_HEAD = 'UPDATE environments SET seq = ?, hash = ?, seal = ?, state_seq = ? WHERE id = ?';

/**
 * Reads and moves the ends of the chains. Before a chain is continued its seal is checked: otherwise the
 * next append would make a falsified end genuine.
 */
export class Heads {
  readonly #connection: Connection;
  readonly #key: StoreKey;
  /** The seal that this process made or checked last, by environment. */
  readonly #trusted = new Map<string, string>();
  readonly #numbers = new Map<string, number>();

  constructor(connection: Connection, key: StoreKey) {
    this.#connection = connection;
    this.#key = key;
  }

  find(environment: string): HeadRow | undefined {
    return this.#connection.get<HeadRow>(SELECT_HEAD, environment);
  }

  /** The environment's number in other tables, as the last append found it; it never changes. */
  numberOf(environment: string): number | undefined {
    return this.#numbers.get(environment);
  }

  /** Makes its row if there is none. */
  ensure(environment: string): void {
    this.#connection.run(
      'INSERT INTO environments (name, hash) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
      environment,
      CHAIN_START,
    );
  }

  /** Throws `journal-tampered` when the end of the chain isn't the one that a holder of the key wrote. */
  verify(environment: string, head: HeadRow): void {
    if (head.seq === 0) {
      this.#verifyRegister(environment);
      return;
    }
    if (head.seal !== null && head.seal === this.#trusted.get(environment)) return;
    const expected = sealHead(keyIn(this.#key), environment, head.seq, head.hash);
    if (head.seal !== expected) throw tampered(environment, 'the end of its journal was changed from outside');
  }

  move(environment: string, head: HeadRow, seq: number, hash: string, stateSeq: number): void {
    const seal = sealHead(keyIn(this.#key), environment, seq, hash);
    this.#connection.run(UPDATE_HEAD, seq, hash, seal, stateSeq, head.id);
    if (head.seq === 0) this.writeRegister();
    this.#trusted.set(environment, seal);
    this.#numbers.set(environment, head.id);
  }

  /** After a transaction that didn't come about. */
  distrust(environment: string): void {
    this.#trusted.delete(environment);
  }

  #verifyRegister(environment: string): void {
    const names = registeredNames(this.#connection);
    const found = readRegister(this.#connection);
    if (found === undefined && names.length === 0) return;
    if (found !== sealRegister(keyIn(this.#key), names)) {
      throw tampered(environment, 'an environment was added or removed from outside');
    }
  }

  /** Seals which environments have a journal. */
  writeRegister(): void {
    this.#connection.run(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      REGISTER,
      sealRegister(keyIn(this.#key), registeredNames(this.#connection)),
    );
  }
}

function tampered(environment: string, what: string): SlipwayError {
  return new SlipwayError('journal-tampered', `The journal of ${environment} can't be continued: ${what}.`, {
    subject: environment,
    hint: 'Run `slipway audit verify`, and put back a copy of the state from before it was changed.',
  });
}
