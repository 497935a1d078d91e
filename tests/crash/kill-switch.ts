import { writeFileSync } from 'node:fs';
import { StatementSync } from 'node:sqlite';

// Preloaded into the real command line (`node --import`): counts the durable writes of the state, and ends the
// process with SIGKILL right before or right after one of them. Slipway itself knows nothing of it.

/** A write is as slow as its disk: what was begun before it goes on meanwhile, and may have its effect. */
const WRITE_TAKES_MS = 25;

const reportFile = process.env.CRASH_REPORT ?? '';
const { CRASH_OF: killOf, CRASH_SIDE: side } = process.env;
const killAt = Number(process.env.CRASH_AT ?? Number.NaN);
const counts = { progress: Number(process.env.CRASH_PROGRESS ?? 0), other: 0 };
let writing = false;
let progresses = false;

/**
 * Facts that an operation puts down once, however often it is taken up again: a write with one of them brings it
 * nearer to its end. The others (locks, plans, takeovers, what is settled, second attempts) come anew with each command.
 */
function isProgress(content: string): boolean {
  const { type, data } = JSON.parse(content) as { type: string; data: { attempt?: number } };
  if (type === 'step.started') return data.attempt === 1;
  return type === 'step.succeeded' || type === 'deployment.started' || type === 'deployment.ended';
}

const report = () => writeFileSync(reportFile, String(counts.progress));

function die(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITE_TAKES_MS);
  report();
  process.kill(process.pid, 'SIGKILL');
  // The signal ends this process before it returns to user code; should it ever not, nothing may go on.
  for (;;);
}

const run = StatementSync.prototype.run;
StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<StatementSync['run']>) {
  const sql = this.sourceSQL;
  if (sql === 'BEGIN IMMEDIATE') [writing, progresses] = [true, false];
  if (writing && sql.startsWith('INSERT INTO events')) progresses ||= isProgress(values[1] as string);
  if (sql !== 'COMMIT' || !writing) return run.apply(this, values);
  writing = false;
  const kind = progresses ? 'progress' : 'other';
  const isIt = kind === killOf && counts[kind] + 1 === killAt;
  if (isIt && side === 'before') die();
  const result = run.apply(this, values);
  counts[kind] += 1;
  if (isIt) die();
  return result;
} as StatementSync['run'];

process.on('exit', report);
