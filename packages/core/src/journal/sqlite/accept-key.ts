import { SlipwayError } from '../../errors.ts';
import { writeEventText } from '../event-text.ts';
import { markOf } from '../seal.ts';
import type { AuditFinding } from '../store.ts';
import { type Tables, writeEvents } from './append.ts';
import type { HeadRow } from './head.ts';
import { readMark, writeMark } from './key-mark.ts';

/** `findings`: of everything but the seals, which nobody can check any more; there may be none. */
export function acceptKey(tables: Tables, key: Uint8Array, by: string, findings: readonly AuditFinding[]): string[] {
  const { connection, heads } = tables;
  return connection.write(() => {
    if (readMark(connection) === markOf(key)) return [];
    if (findings[0] !== undefined) throw notWhole(connection.file, findings[0]);
    const rows = connection.all<{ name: string }>('SELECT name FROM environments ORDER BY name');
    for (const { name } of rows) replaceKey(tables, name, by);
    heads.writeRegister();
    writeMark(connection, key);
    return rows.map(({ name }) => name);
  });
}

/** Whoever holds the lock still has the old key: it is fenced by an epoch of its own. */
function replaceKey(tables: Tables, environment: string, by: string): void {
  const { connection, heads } = tables;
  connection.run(
    'UPDATE environments SET epoch = epoch + 1, holder = NULL, expires_at = NULL WHERE name = ?',
    environment,
  );
  const head = heads.find(environment) as HeadRow;
  if (head.seq === 0) return;
  const at = new Date().toISOString();
  const event = writeEventText({ type: 'key.replaced', deployment: null, step: null, at, data: { by } });
  writeEvents(tables, environment, head.epoch, head, [event]);
}

function notWhole(file: string, { environment, seq, what }: AuditFinding): SlipwayError {
  const where = environment === '' ? '' : `${environment} #${seq}: `;
  return new SlipwayError('journal-tampered', `No new key is accepted for ${file}: ${where}${what}.`, {
    subject: file,
    hint: 'A new key would seal what was changed. See `slipway audit verify`, and put back a copy of the state.',
  });
}
