import { dirname } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import { keyFileOf, keyOther } from '../key.ts';
import { markOf, sealRegister } from '../seal.ts';
import type { Connection } from './connection.ts';
import { readRegister, registeredNames } from './register.ts';

/** The key that a store was opened with, or what is wrong with it. */
export type StoreKey = Uint8Array | SlipwayError;

const MARK = 'key';

/** The key itself, for sealing. Throws what is wrong with it. */
export function keyIn(key: StoreKey): Uint8Array {
  if (key instanceof SlipwayError) throw key;
  return key;
}

/** Throws when this isn't the key that the journal was begun with. */
export function requireKey(connection: Connection, key: StoreKey): void {
  const own = keyIn(key);
  const mark = readMark(connection);
  const isOwn = mark === undefined ? isKeyOfRegister(connection, own) : mark === markOf(own);
  if (!isOwn) throw keyOther(keyFileOf(dirname(connection.file)));
}

/** Puts the key's mark down if there is none yet; call it in a transaction, after {@link requireKey}. */
export function ensureMark(connection: Connection, key: StoreKey): void {
  if (readMark(connection) === undefined) writeMark(connection, keyIn(key));
}

export function writeMark(connection: Connection, key: Uint8Array): void {
  const sql = 'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
  connection.run(sql, MARK, markOf(key));
}

export function readMark(connection: Connection): string | undefined {
  return connection.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', MARK)?.value;
}

/** Of a journal without a mark: a new one is anybody's, another tells by what the key sealed. */
function isKeyOfRegister(connection: Connection, key: Uint8Array): boolean {
  const register = readRegister(connection);
  return register === undefined || register === sealRegister(key, registeredNames(connection));
}
