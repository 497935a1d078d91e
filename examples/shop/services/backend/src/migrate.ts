import { join } from 'node:path';
import { currentLevel, migrateTo } from './migrations.ts';
import { openDatabase } from './open-database.ts';

// up: to the newest level. down: to $SLIPWAY_MIGRATION_LEVEL, what `status` printed before `up`; one level when
// it isn't set. status: prints the level.

const folder = join(import.meta.dirname, '../migrations');

function run(command: string | undefined): string {
  const database = openDatabase();
  try {
    if (command === 'status') return String(currentLevel(database));
    const before = currentLevel(database);
    if (command === 'up') migrateTo(database, folder);
    else if (command === 'down')
      migrateTo(database, folder, Number(process.env.SLIPWAY_MIGRATION_LEVEL ?? Math.max(0, before - 1)));
    else throw new Error('Usage: migrate up|down|status');
    return `Database went from level ${before} to ${currentLevel(database)}.`;
  } finally {
    database.close();
  }
}

try {
  console.log(run(process.argv[2]));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
