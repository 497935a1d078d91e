import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../../errors.ts';
import { Connection } from './connection.ts';
import { explainSqliteError, isBusy } from './errors.ts';
import { MIGRATIONS } from './schema.ts';
import { Witness } from './witness.ts';

/** How long processes that open a new file at the same moment wait for one another. */
const OPEN_TIMEOUT_MS = 10_000;

/**
 * Opens the state file, makes it if it isn't there, and brings its schema up to date. Several processes
 * may do so at once. Throws `state-too-new`, `state-corrupt`, `state-foreign`, `state-behind` or
 * `journal-unavailable`.
 */
export async function openConnection(file: string): Promise<Connection> {
  await mkdir(dirname(file), { recursive: true });
  const deadline = Date.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    let connection: Connection | undefined;
    try {
      connection = new Connection(file);
      prepare(connection);
      return connection;
    } catch (error) {
      connection?.close();
      // The busy timeout doesn't cover the switch to the write-ahead log, so waiting is done here.
      if (!isBusy(error) || Date.now() > deadline) throw explainSqliteError(error, file);
      await delay(5 + Math.random() * 20);
    }
  }
}

/** Refuses before it writes anything: a file of something else stays as it is. */
function prepare(connection: Connection): void {
  const { database, file } = connection;
  if (schemaVersion(connection) < MIGRATIONS.length) refuseForeign(connection);
  new Witness(file).check(connection);
  const mode = connection.get<{ journal_mode: string }>('PRAGMA journal_mode = WAL')?.journal_mode;
  if (mode !== 'wal') {
    throw new SlipwayError('journal-unavailable', `The state ${file} can't have a write-ahead log.`, {
      subject: file,
      hint: 'Put it on a local disk.',
    });
  }
  database.exec('PRAGMA synchronous = FULL');
  if (schemaVersion(connection) === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Looked up again under the write lock: another process may have migrated meanwhile.
    for (const migration of MIGRATIONS.slice(schemaVersion(connection))) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function schemaVersion(connection: Connection): number {
  const { file } = connection;
  const version = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
  if (version <= MIGRATIONS.length) return version;
  throw new SlipwayError(
    'state-too-new',
    `The state ${file} was written by a newer Slipway (schema ${version}, this one knows ${MIGRATIONS.length}).`,
    { subject: file, hint: 'Upgrade Slipway to at least the version that wrote it.' },
  );
}

function refuseForeign(connection: Connection): void {
  // One statement sees one moment, so a schema that another process just made counts with its version.
  const found = connection.get<{ tables: number; version: number }>(
    'SELECT (SELECT count(*) FROM sqlite_schema) AS tables, (SELECT user_version FROM pragma_user_version) AS version',
  );
  if (found === undefined || found.tables === 0 || found.version > 0) return;
  throw new SlipwayError('state-foreign', `${connection.file} is a database of something else.`, {
    subject: connection.file,
    hint: 'Move it away, or name another state directory.',
  });
}
