import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** One `NNN-name.sql` file: the level it leads to, and the SQL of both ways. */
interface Migration {
  level: number;
  name: string;
  up: string;
  down: string;
}

function readMigrations(folder: string): Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file, index) => {
    const parts = /^-- up\n(?<up>.*)^-- down\n(?<down>.*)$/ms.exec(readFileSync(join(folder, file), 'utf8'))?.groups;
    if (!parts) throw new Error(`${file} needs a part that begins with "-- up" and one that begins with "-- down".`);
    const level = Number.parseInt(file, 10);
    if (level !== index + 1) throw new Error(`${file} should be number ${index + 1}: levels have no gaps.`);
    return { level, name: file.slice(0, -'.sql'.length), up: parts.up as string, down: parts.down as string };
  });
}

/** The level that the database is at: how many migrations it has had. 0 for a new one. */
export function currentLevel(database: DatabaseSync): number {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_level'").get();
  if (!known) return 0;
  return database.prepare('SELECT max(level) AS level FROM schema_level').get()?.level as number;
}

/** Runs one migration and notes the new level, both or neither; nothing where another instance was faster. */
function step(database: DatabaseSync, sql: string, { from, to }: { from: number; to: number }): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (currentLevel(database) !== from) {
      database.exec('ROLLBACK');
      return false;
    }
    database.exec(sql);
    database.exec('CREATE TABLE IF NOT EXISTS schema_level (level INTEGER NOT NULL) STRICT; DELETE FROM schema_level');
    database.prepare('INSERT INTO schema_level (level) VALUES (?)').run(to);
    database.exec('COMMIT');
    return true;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Brings the database to `target`, up or down, one transaction a migration, and returns the names of those
 * that ran. Repeating it does nothing. `target` undefined: the newest that this code knows, never downwards,
 * so that an older release leaves a newer database as it is.
 */
export function migrateTo(database: DatabaseSync, folder: string, target?: number): string[] {
  const migrations = readMigrations(folder);
  const ran: string[] = [];
  const from = currentLevel(database);
  const goal = target ?? Math.max(from, migrations.length);
  if (!Number.isInteger(goal) || goal < 0 || (goal > from && goal > migrations.length))
    throw new Error(`There is no level ${goal}; this code knows 0 to ${migrations.length}.`);
  for (let level = from; level < goal; level += 1) {
    const migration = migrations[level] as Migration;
    if (step(database, migration.up, { from: level, to: migration.level })) ran.push(migration.name);
  }
  for (let level = from; level > goal; level -= 1) {
    const migration = migrations[level - 1];
    if (!migration) throw new Error(`The database is at level ${level}; only the release that brought it knows back.`);
    if (step(database, migration.down, { from: level, to: level - 1 })) ran.push(migration.name);
  }
  return ran;
}
