/**
 * For a backend whose data are where the runner is not: each instance brings the database up before it serves. Levels
 * only ever rise there, so a way back leaves the newer schema, on which the older code runs as well.
 */
export const migratesItself = {
  run: 'node dist/migrate.js up && exec node dist/server.js',
  migrations: null,
};
