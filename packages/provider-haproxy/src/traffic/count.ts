import { ownerOf } from '../config/declared.ts';
import { inTurn } from '../in-turn.ts';
import { ask } from '../runtime/ask.ts';
import { leavingWorkers } from '../runtime/leaving-workers.ts';
import { info, type StatRow, stats } from '../runtime/tables.ts';
import { add, addAll, addLive, begunOf, countsOf, type RowCounts, type ServiceCounts } from './counts.ts';
import { emptyPast, type Past, readPast, writePast } from './past.ts';

/** Where to ask what was counted, and the file with what can't be asked any more. */
export interface Counting {
  file: string;
  statsSocket: string;
  /** Absent: HAProxy is somebody else's, and its workers of before a reload can't be asked. */
  masterSocket?: string;
}

/**
 * Keeps the counts of servers that are about to be removed. `service`: whose they are. One that can't be removed yet may
 * take requests again: of it only what it counts from here on comes to what is kept.
 */
export async function keepServers(
  counting: Counting,
  { service, rows }: { service: string; rows: readonly StatRow[] },
  signal: AbortSignal,
): Promise<void> {
  if (rows.length === 0) return;
  await change(counting, signal, async (past, pid) => {
    const all = await stats(counting.statsSocket, signal);
    const counts = past.services[service] ?? {};
    past.services[service] = counts;
    for (const row of rows) {
      const owner = ownerOf(row.svname ?? '');
      if (owner) add(counts, owner.revision, { ...uncounted(past, pid, countsOf(row, all), row), took: {} });
      past.kept[markOf(pid, row)] = countsOf(row, all);
    }
  });
}

/** After they were removed: one that comes back under the same name counts from the beginning. */
export async function settleServers(counting: Counting, signal: AbortSignal): Promise<void> {
  await change(counting, signal, async (past, pid) => {
    const there = new Set((await stats(counting.statsSocket, signal)).map((row) => markOf(pid, row)));
    for (const mark of Object.keys(past.kept)) if (!there.has(mark)) delete past.kept[mark];
  });
}

/** Keeps what the worker counted that is about to be replaced, in case it ends before anybody looks again. */
export async function keepWorker(counting: Counting, signal: AbortSignal): Promise<void> {
  await change(counting, signal, async (past, pid) => {
    past.leaving[pid] = await countedBy(past, { socket: counting.statsSocket, pid, prefix: '' }, signal);
  });
}

/** Forgets a service. */
export async function dropPast(file: string, service: string): Promise<void> {
  await inTurn(file, AbortSignal.any([]), async () => {
    const past = await readPast(file);
    delete past.services[service];
    for (const counts of Object.values(past.leaving)) delete counts[service];
    await writePast(file, past);
  });
}

/** All that was counted of a service since HAProxy was started. `measures`: durations are. */
export async function countAll(
  counting: Counting,
  { service, backend }: { service: string; backend: string },
  signal: AbortSignal,
): Promise<{ counts: ServiceCounts; measures: boolean }> {
  const { statsSocket: socket } = counting;
  return await change(counting, signal, async (past, pid) => {
    const counts = structuredClone(past.services[service] ?? {});
    for (const [leaver, counted] of Object.entries(past.leaving))
      if (leaver !== pid) addAll(counts, counted[service] ?? {});
    const table = await ask(socket, `show table ${backend}`, signal);
    const rows = await stats(socket, signal);
    const countsOfRow = (row: StatRow) => uncounted(past, pid, countsOf(row, rows), row);
    return { counts: addLive(counts, backend, { rows, table, countsOfRow }), measures: table.startsWith('# table') };
  });
}

/** What is remembered, brought up to date first; `pid`: the worker that takes requests. */
async function change<T>(
  counting: Counting,
  signal: AbortSignal,
  work: (past: Past, pid: string) => Promise<T>,
): Promise<T> {
  return await inTurn(counting.file, signal, async () => {
    const before = await readPast(counting.file);
    const { Pid = '' } = await info(counting.statsSocket, signal);
    const past = await upToDate(counting, structuredClone(before), { pid: Pid, signal });
    const result = await work(past, Pid);
    if (JSON.stringify(past) !== JSON.stringify(before)) await writePast(counting.file, past);
    return result;
  });
}

/** Asks the workers that leave, and closes the account of those that have left. */
async function upToDate(
  { masterSocket }: Counting,
  past: Past,
  { pid, signal }: { pid: string; signal: AbortSignal },
): Promise<Past> {
  if (masterSocket === undefined) return past.run === pid ? past : emptyPast(pid);
  const seen = await leavingWorkers(masterSocket, signal);
  if (!seen) return past;
  const now = past.run === String(seen.master) ? past : emptyPast(String(seen.master));
  for (const leaver of seen.old.map(String)) {
    const where = { socket: masterSocket, pid: leaver, prefix: `@!${leaver} ` };
    const counted = await countedBy(now, where, signal);
    if (Object.keys(counted).length > 0) now.leaving[leaver] = counted;
  }
  for (const [leaver, counted] of Object.entries(now.leaving)) {
    if (leaver === pid || seen.old.includes(Number(leaver))) continue;
    for (const [service, counts] of Object.entries(counted))
      now.services[service] = addAll(now.services[service] ?? {}, counts);
    delete now.leaving[leaver];
  }
  return now;
}

/** By service; empty when that worker has just ended. */
async function countedBy(
  past: Past,
  { socket, pid, prefix }: { socket: string; pid: string; prefix: string },
  signal: AbortSignal,
): Promise<Record<string, ServiceCounts>> {
  const rows = await stats(socket, signal, prefix);
  // It ends with its last answer, and nobody can ask it then: what it has begun counts.
  const countsOfRow = (row: StatRow) => uncounted(past, pid, begunOf(row, rows), row);
  const own = rows.filter(({ svname = '' }) => ownerOf(svname));
  const services = new Set(own.map(({ pxname = '' }) => pxname.split(':')[0] ?? ''));
  const counted: Record<string, ServiceCounts> = {};
  for (const service of services) {
    const table = await ask(socket, `${prefix}show table ${service}`, signal);
    counted[service] = addLive({}, service, { rows, table, countsOfRow });
  }
  return counted;
}

const markOf = (pid: string, { pxname, svname }: StatRow) => `${pid}/${pxname}/${svname}`;

/** What a server counted that isn't kept already. */
function uncounted(past: Past, pid: string, { requests, errors }: RowCounts, row: StatRow): RowCounts {
  const kept = past.kept[markOf(pid, row)] ?? { requests: 0, errors: 0 };
  return { requests: Math.max(0, requests - kept.requests), errors: Math.max(0, errors - kept.errors) };
}
