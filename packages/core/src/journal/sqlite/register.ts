import type { Connection } from './connection.ts';

/** The name of the seal over which environments have a journal. */
export const REGISTER = 'register';

export function readRegister(connection: Connection): string | undefined {
  return connection.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', REGISTER)?.value;
}

/** The environments that have a journal. */
export function registeredNames(connection: Connection): string[] {
  const rows = connection.all<{ name: string }>('SELECT name FROM environments WHERE seq > 0');
  return rows.map((row) => row.name);
}
