import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the shop's database in `$SLIPWAY_DATA_DIR`, which all revisions share. Waits up to 5 s for another
 * writer: during a deployment the old revision, the migration and the new revision use it at once.
 */
export function openDatabase(): DatabaseSync {
  const folder = process.env.SLIPWAY_DATA_DIR;
  if (!folder) throw new Error('SLIPWAY_DATA_DIR is not set; it names the folder that holds shop.db.');
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'shop.db'), { timeout: 5_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
  return database;
}
