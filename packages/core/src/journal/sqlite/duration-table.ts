import type { NewEvent } from '../event.ts';
import type { Connection } from './connection.ts';
import { ID_SPAN } from './schema.ts';

/** Only these texts can be events that matter; what merely contains one is sorted out after parsing. */
const SELECT = `SELECT content FROM events WHERE id > ? AND id < ? AND
  (instr(content, '"type":"step.succeeded"') OR instr(content, '"type":"step.settled"')) ORDER BY id`;
const UPSERT = `INSERT INTO durations (environment, step, ms) VALUES (?, ?, ?)
  ON CONFLICT (environment, step) DO UPDATE SET ms = excluded.ms`;

/**
 * Durations are folded out of the journal: when read, for what is newer than the table; into the table,
 * when a deployment ends. Writing each with its outcome would dirty a scattered page for every step.
 */
export function readDurations(connection: Connection, environment: number, after: number): Map<string, number> {
  const durations = readKept(connection, environment);
  foldDurations(connection, environment, after, durations);
  return durations;
}

function readKept(connection: Connection, environment: number): Map<string, number> {
  const kept = new Map<string, number>();
  const rows = connection.statement('SELECT step, ms FROM durations WHERE environment = ?').iterate(environment);
  for (const row of rows) kept.set(row.step as string, row.ms as number);
  return kept;
}

/** Brings the table up to the journal's end; call it within a transaction, after the events were written. */
export function keepDurations(connection: Connection, environment: number, after: number, seq: number): void {
  const known = readKept(connection, environment);
  const durations = new Map(known);
  foldDurations(connection, environment, after, durations);
  for (const [step, ms] of durations) {
    if (known.get(step) !== ms) connection.run(UPSERT, environment, step, ms);
  }
  connection.run('UPDATE environments SET durations_seq = ? WHERE id = ?', seq, environment);
}

function foldDurations(
  connection: Connection,
  environment: number,
  after: number,
  durations: Map<string, number>,
): void {
  const base = environment * ID_SPAN;
  const settled = new Set<string>();
  for (const { content } of connection.statement(SELECT).iterate(base + after, base + ID_SPAN)) {
    const event = JSON.parse(content as string) as NewEvent;
    if (event.step === null) continue;
    const run = `${event.deployment} ${event.step}`;
    if (event.type === 'step.settled' && event.data.as === 'done') settled.add(run);
    // A step that was found done took no time that says anything about the next.
    if (event.type !== 'step.succeeded' || settled.delete(run)) continue;
    const known = durations.get(event.step);
    const { durationMs } = event.data;
    durations.set(event.step, known === undefined ? durationMs : (known + durationMs) / 2);
  }
}
