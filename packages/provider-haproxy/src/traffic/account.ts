import type { StatRow } from '../runtime/tables.ts';
import { divide, type Evidence, type Own } from './divide.ts';
import { share } from './share.ts';

/** What happened at a server that HAProxy doesn't count by server, and what that was concluded from. */
export interface ServerAccount {
  /** Requests that ended there without its answer: HAProxy answered them with 5xx, cut them off, or their user gave up. */
  failed: number;
  /** Of those open the ones without an answer. */
  waiting: number;
  last: Attempts;
  unspent: Evidence;
}

/** Of one backend of one worker. */
export interface BackendAccount {
  servers: Record<string, ServerAccount>;
  /** What its servers answered, those that are gone too, by class of status. */
  answered: Record<string, number>;
  /** What was divided already. */
  own: Own;
  /** What the last look would have as cut off: what two looks agree on is divided. */
  cutOff: number;
  /** When it was looked last, and since when evidence is kept unspent, in ms since 1970. */
  at: number;
  unspentSince: number;
}

interface Attempts {
  tried: number;
  again: number;
  open: number;
  broke: number;
  left: number;
  answered: Record<string, number>;
}

/** What came at a server since the last look, besides evidence. */
interface Looked {
  account: ServerAccount;
  fresh: Evidence;
  /** Attempts that began, less those that were answered or repeated. */
  begun: number;
}

const STATUSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'];
const KINDS = ['unanswered', 'broke', 'left', 'tried'] as const;
const NOTHING: Attempts = { tried: 0, again: 0, open: 0, broke: 0, left: 0, answered: {} };
/** A failure is counted at its server a little before HAProxy's own answer is. */
const UNSPENT_FOR_MS = 5_000;

const number = (text: string | undefined) => Number(text) || 0;
const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

export const emptyAccount = (): BackendAccount => ({
  servers: {},
  answered: {},
  own: { failed: 0, cutOff: 0, gaveUp: 0, left: 0 },
  cutOff: 0,
  at: 0,
  unspentSince: 0,
});

/**
 * Brings an account up to what the rows of its backend say now. HAProxy counts by server what was tried, tried again and
 * answered, and by backend alone what it answered itself: what came of that since the last look is divided among the
 * servers by what happened there since, so that nothing of long ago has a part in it and nothing is ever taken back.
 * `isOurs`: the config has rules of ours, by which it answers 3xx itself where a user gave up, and nowhere else. Returns
 * whether another look, at once, would tell more.
 */
export function bringUpToDate(
  account: BackendAccount,
  rows: readonly StatRow[],
  { isOurs, now }: { isOurs: boolean; now: number },
): boolean {
  const backend = rows.find(({ svname }) => svname === 'BACKEND');
  if (!backend) return false;
  const servers = rows.filter(({ svname = '' }) => svname !== 'BACKEND' && svname !== 'FRONTEND');
  const looked = servers.map((row) => look(account, row));
  const own = ownSince(account, backend, isOurs);
  const parts = divide(
    own,
    looked.map((each) => each.account.unspent),
  );
  const rest = own.failed - sum(parts.map(({ failed }) => failed));
  const insteadOf = share(rest, weightsOfTheDown(servers, rest));
  for (const [at, { account: server, begun }] of looked.entries()) {
    const { failed = 0, cutOff = 0, gaveUp = 0, left = 0 } = parts[at] ?? {};
    server.failed += failed + cutOff + gaveUp + (insteadOf[at] ?? 0);
    const waiting = server.waiting + begun - failed - cutOff - gaveUp - left;
    server.waiting = Math.min(server.last.open, Math.max(0, waiting));
  }
  const isMore = account.cutOff > account.own.cutOff;
  if (!isMore) putAside(account, looked, now);
  return isMore;
}

/** What nothing came of within a while speaks for nothing any more. */
function putAside(account: BackendAccount, looked: readonly Looked[], now: number): void {
  const isLong = (since: number) => now < since || now - since > UNSPENT_FOR_MS;
  for (const { account: server, fresh } of looked) {
    for (const kind of KINDS) {
      if (isLong(account.at)) server.unspent[kind] = 0;
      else if (isLong(account.unspentSince))
        server.unspent[kind] = Math.max(0, Math.min(server.unspent[kind], fresh[kind]));
    }
  }
  if (isLong(account.unspentSince)) account.unspentSince = now;
  account.at = now;
}

/** Forgets servers that are gone: one that comes back under the same name counts from the beginning. */
export function forgetGone(account: BackendAccount, rows: readonly StatRow[]): void {
  const there = new Set(rows.map(({ svname }) => svname));
  for (const name of Object.keys(account.servers)) if (!there.has(name)) delete account.servers[name];
}

/**
 * Attempts that were repeated. A connection that failed counts as a retry where it is tried on the same server and as a
 * redispatch where on another; a request that got no answer counts as a retry besides.
 */
export const repeatedAt = ({ wretr, wredis }: StatRow) => Math.max(number(wretr), number(wredis));

function look(account: BackendAccount, row: StatRow): Looked {
  const name = row.svname ?? '';
  const now = attemptsOf(row);
  const known = account.servers[name];
  const server: ServerAccount =
    known && known.last.tried <= now.tried
      ? known
      : { failed: 0, waiting: 0, last: NOTHING, unspent: { unanswered: 0, broke: 0, left: 0, tried: 0 } };
  account.servers[name] = server;
  const { last } = server;
  const answered = STATUSES.map((status) => (now.answered[status] ?? 0) - (last.answered[status] ?? 0));
  for (const [at, status] of STATUSES.entries())
    account.answered[status] = (account.answered[status] ?? 0) + (answered[at] ?? 0);
  const begun = now.tried - last.tried - sum(answered) - (now.again - last.again);
  const fresh = {
    unanswered: begun - (now.open - last.open),
    broke: now.broke - last.broke,
    left: now.left - last.left,
    tried: now.tried - last.tried,
  };
  for (const kind of KINDS) server.unspent[kind] = Math.max(0, server.unspent[kind] + fresh[kind]);
  server.last = now;
  return { account: server, fresh, begun };
}

function attemptsOf(row: StatRow): Attempts {
  return {
    tried: number(row.stot),
    again: repeatedAt(row),
    open: number(row.scur),
    broke: number(row.econ) + number(row.eresp),
    left: number(row.cli_abrt),
    answered: Object.fromEntries(STATUSES.map((status) => [status, number(row[`hrsp_${status}`])])),
  };
}

function ownSince(account: BackendAccount, backend: StatRow, isOurs: boolean): Own {
  const own = (status: string) => number(backend[`hrsp_${status}`]) - (account.answered[status] ?? 0);
  const ended = number(backend.stot) - number(backend.scur);
  // A request that begins between the reading of two of these numbers would be one that ended without a word.
  const cutOff = backend.mode === 'http' ? ended - number(backend.req_tot) : 0;
  const now: Own = {
    failed: own('5xx'),
    cutOff: Math.min(cutOff, account.cutOff),
    gaveUp: isOurs ? own('3xx') : 0,
    left: own('4xx') + own('other'),
  };
  account.cutOff = cutOff;
  const since = { ...now };
  for (const what of ['failed', 'cutOff', 'gaveUp', 'left'] as const) {
    // What one answer adds to two rows is added a moment apart, so what they come to may go back a little.
    since[what] = Math.max(0, now[what] - account.own[what]);
    account.own[what] = Math.max(account.own[what], now[what]);
  }
  return since;
}

/** Where none is up, HAProxy answers `times` in place of those that should be. */
function weightsOfTheDown(servers: readonly StatRow[], times: number): number[] {
  const takesPart = ({ weight }: StatRow) => number(weight) > 0;
  const isOneUp = servers.some((row) => takesPart(row) && /^(UP|no check)/.test(row.status ?? ''));
  return servers.map((row) => (!isOneUp && row.status?.startsWith('DOWN') ? number(row.weight) * times : 0));
}
