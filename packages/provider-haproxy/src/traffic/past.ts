import { readFile, rename, writeFile } from 'node:fs/promises';
import { ownerOf } from '../config/declared.ts';
import { ask } from '../runtime/ask.ts';
import { info, type StatRow, stats } from '../runtime/tables.ts';
import { add, addLive, countsOf, type ServiceCounts } from './counts.ts';

/** What was counted by what is gone: servers that were removed and workers that a reload replaced. */
interface Past {
  services: Record<string, ServiceCounts>;
  /** Workers (pid) whose counts are in it. */
  replaced: string[];
  /** Servers (pid/backend/server) whose counts are in it. */
  removed: string[];
}

const KEPT_REVISIONS = 20;
const KEPT_MARKS = 200;

/** Keeps the counts of servers that are about to be removed. `service`: whose they are. */
export async function keepServers(
  file: string,
  { service, socket, rows }: { service: string; socket: string; rows: readonly StatRow[] },
  signal: AbortSignal,
): Promise<void> {
  if (rows.length === 0) return;
  const past = await readPast(file);
  const { Pid } = await info(socket, signal);
  const counts = past.services[service] ?? {};
  past.services[service] = counts;
  for (const row of rows) {
    const mark = `${Pid}/${row.pxname}/${row.svname}`;
    if (past.removed.includes(mark)) continue;
    const owner = ownerOf(row.svname ?? '');
    if (owner) add(counts, owner.revision, { ...countsOf(row), took: {} });
    past.removed.push(mark);
  }
  await writePast(file, past);
}

/** Keeps all counts of a worker that is about to be replaced. */
export async function keepWorker(
  file: string,
  { services, socket }: { services: readonly string[]; socket: string },
  signal: AbortSignal,
): Promise<void> {
  const past = await readPast(file);
  for (const service of services) {
    const { counts, pid } = await countLive(past, { service, backend: service, socket }, signal);
    past.services[service] = counts;
    if (!past.replaced.includes(pid)) past.replaced.push(pid);
  }
  await writePast(file, past);
}

/** Forgets a service. */
export async function dropPast(file: string, service: string): Promise<void> {
  const past = await readPast(file);
  delete past.services[service];
  await writePast(file, past);
}

/** All that was counted of a service, now and before. */
export async function countAll(
  file: string,
  live: { service: string; backend: string; socket: string },
  signal: AbortSignal,
): Promise<{ counts: ServiceCounts; measures: boolean }> {
  return await countLive(await readPast(file), live, signal);
}

async function countLive(
  past: Past,
  { service, backend, socket }: { service: string; backend: string; socket: string },
  signal: AbortSignal,
): Promise<{ counts: ServiceCounts; measures: boolean; pid: string }> {
  const counts = structuredClone(past.services[service] ?? {});
  const { Pid: pid = '' } = await info(socket, signal);
  const table = await ask(socket, `show table ${backend}`, signal);
  const measures = table.startsWith('# table');
  if (past.replaced.includes(pid)) return { counts, measures, pid };
  const rows = (await stats(socket, signal)).filter(
    ({ pxname, svname }) => !past.removed.includes(`${pid}/${pxname}/${svname}`),
  );
  return { counts: addLive(counts, backend, { rows, table }), measures, pid };
}

async function readPast(file: string): Promise<Past> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Past;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { services: {}, replaced: [], removed: [] };
    throw error;
  }
}

async function writePast(file: string, past: Past): Promise<void> {
  const services = Object.entries(past.services).map(
    ([service, counts]) => [service, Object.fromEntries(Object.entries(counts).slice(-KEPT_REVISIONS))] as const,
  );
  const kept: Past = {
    services: Object.fromEntries(services),
    replaced: past.replaced.slice(-KEPT_MARKS),
    removed: past.removed.slice(-KEPT_MARKS),
  };
  await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
