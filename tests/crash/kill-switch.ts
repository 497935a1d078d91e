import { writeFileSync } from 'node:fs';
import { StatementSync } from 'node:sqlite';

// Preloaded into the real command line (`node --import`): counts the durable writes of the state, and ends the
// process with SIGKILL right before or right after one of them. Slipway itself knows nothing of it.

const reportFile = process.env.CRASH_REPORT ?? '';
const killAt = Number(process.env.CRASH_AT ?? Number.NaN);
const side = process.env.CRASH_SIDE;
let commits = Number(process.env.CRASH_COMMITS ?? 0);
let writing = false;

const report = () => writeFileSync(reportFile, String(commits));

function die(): void {
  report();
  process.kill(process.pid, 'SIGKILL');
  // The signal ends this process before it returns to user code; should it ever not, nothing may go on.
  for (;;);
}

const run = StatementSync.prototype.run;
StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<StatementSync['run']>) {
  const sql = this.sourceSQL;
  if (sql === 'BEGIN IMMEDIATE') writing = true;
  if (sql !== 'COMMIT' || !writing) return run.apply(this, values);
  if (commits + 1 === killAt && side === 'before') die();
  const result = run.apply(this, values);
  writing = false;
  commits += 1;
  if (commits === killAt && side === 'after') die();
  return result;
} as StatementSync['run'];

process.on('exit', report);
