import { ownerOf } from '../config/declared.ts';
import { inTurn } from '../in-turn.ts';
import { ask } from '../runtime/ask.ts';
import { leavingWorkers } from '../runtime/leaving-workers.ts';
import { info, type StatRow, stats } from '../runtime/tables.ts';
import { type BackendAccount, bringUpToDate, emptyAccount, forgetGone, type ServerAccount } from './account.ts';
import { add, addAll, addLive, begunOf, countsOf, type RowCounts, type ServiceCounts, waitingOf } from './counts.ts';
import { changePast, emptyPast, type Past } from './past.ts';

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
    const accounts = await readAccounts(past, { socket: counting.statsSocket, pid, isOurs: isOurs(counting) }, signal);
    const counts = past.services[service] ?? {};
    past.services[service] = counts;
    for (const row of rows) {
      const owner = ownerOf(row.svname ?? '');
      const counted = countsOf(row, accounts.of(row));
      if (owner) add(counts, owner.revision, { ...uncounted(past, pid, counted, row), took: {} });
      past.kept[markOf(pid, row)] = counted;
    }
  });
}

/** After they were removed: one that comes back under the same name counts from the beginning. */
export async function settleServers(counting: Counting, signal: AbortSignal): Promise<void> {
  await change(counting, signal, async (past, pid) => {
    const rows = await stats(counting.statsSocket, signal);
    const there = new Set(rows.map((row) => markOf(pid, row)));
    for (const mark of Object.keys(past.kept)) if (!there.has(mark)) delete past.kept[mark];
    for (const [backend, account] of Object.entries(past.accounts[pid] ?? {}))
      forgetGone(
        account,
        rows.filter(({ pxname }) => pxname === backend),
      );
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
  await inTurn(file, AbortSignal.any([]), () =>
    changePast(file, async (past) => {
      delete past.services[service];
      for (const counts of Object.values(past.leaving)) delete counts[service];
      return { past, result: undefined };
    }),
  );
}

/** All that was counted of a service since HAProxy was started, and by revision what waits. `measures`: durations are. */
export async function countAll(
  counting: Counting,
  { service, backend }: { service: string; backend: string },
  signal: AbortSignal,
): Promise<{ counts: ServiceCounts; waiting: Record<string, number>; measures: boolean }> {
  const { statsSocket: socket } = counting;
  return await change(counting, signal, async (past, pid) => {
    const counts = structuredClone(past.services[service] ?? {});
    for (const [leaver, counted] of Object.entries(past.leaving))
      if (leaver !== pid) addAll(counts, counted[service] ?? {});
    const table = await ask(socket, `show table ${backend}`, signal);
    const accounts = await readAccounts(past, { socket, pid, isOurs: isOurs(counting) }, signal);
    const { rows } = accounts;
    const countsOfRow = (row: StatRow) => uncounted(past, pid, countsOf(row, accounts.of(row)), row);
    return {
      counts: addLive(counts, backend, { rows, table, countsOfRow }),
      waiting: waitingOf(backend, rows, accounts.of),
      measures: table.startsWith('# table'),
    };
  });
}

/** What is remembered, brought up to date first; `pid`: the worker that takes requests. */
async function change<T>(
  counting: Counting,
  signal: AbortSignal,
  work: (past: Past, pid: string) => Promise<T>,
): Promise<T> {
  return await inTurn(counting.file, signal, () =>
    changePast(counting.file, async (before) => {
      const { Pid = '' } = await info(counting.statsSocket, signal);
      const past = await upToDate(counting, before, { pid: Pid, signal });
      return { past, result: await work(past, Pid) };
    }),
  );
}

/** What HAProxy's workers count goes by the rules of a config of ours, where Slipway runs it. */
const isOurs = ({ masterSocket }: Counting) => masterSocket !== undefined;

/** What a worker counts, with its accounts brought up to date by it. */
async function readAccounts(
  past: Past,
  { socket, pid, prefix, isOurs }: { socket: string; pid: string; prefix?: string; isOurs: boolean },
  signal: AbortSignal,
): Promise<{ rows: StatRow[]; of(row: StatRow): ServerAccount | undefined }> {
  const accounts: Record<string, BackendAccount> = past.accounts[pid] ?? {};
  past.accounts[pid] = accounts;
  let rows = await stats(socket, signal, prefix);
  if (noteAll(accounts, rows, isOurs)) {
    rows = await stats(socket, signal, prefix);
    noteAll(accounts, rows, isOurs);
  }
  return { rows, of: ({ pxname = '', svname = '' }) => accounts[pxname]?.servers[svname] };
}

/** Says whether another look at once would tell more. */
function noteAll(accounts: Record<string, BackendAccount>, rows: readonly StatRow[], isOurs: boolean): boolean {
  let isMore = false;
  for (const backend of new Set(rows.flatMap(({ pxname = '', svname = '' }) => (ownerOf(svname) ? [pxname] : [])))) {
    const account = accounts[backend] ?? emptyAccount();
    accounts[backend] = account;
    const own = rows.filter(({ pxname }) => pxname === backend);
    isMore = bringUpToDate(account, own, { isOurs, now: Date.now() }) || isMore;
  }
  return isMore;
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
  for (const worker of Object.keys(now.accounts))
    if (worker !== pid && !seen.old.includes(Number(worker))) delete now.accounts[worker];
  return now;
}

/** By service; empty when that worker has just ended. */
async function countedBy(
  past: Past,
  { socket, pid, prefix }: { socket: string; pid: string; prefix: string },
  signal: AbortSignal,
): Promise<Record<string, ServiceCounts>> {
  const accounts = await readAccounts(past, { socket, pid, prefix, isOurs: true }, signal);
  const { rows } = accounts;
  // It ends with its last answer, and nobody can ask it then: what it has begun counts.
  const countsOfRow = (row: StatRow) => uncounted(past, pid, begunOf(row, accounts.of(row)), row);
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
