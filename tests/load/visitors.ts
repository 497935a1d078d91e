import { setTimeout as sleep } from 'node:timers/promises';
import { EchoSocket, exchange, type LoadReport, startLoad } from '@slipway/provider-testkit';
import { type LoadByRevision, load as wrk } from './wrk.ts';

/** From one message on a WebSocket to the next, in ms. */
const ECHO_EVERY_MS = 100;
/** Of the client that knows why a request failed; volume is wrk's part. */
const UNHURRIED = { kept: 2, fresh: 1, gapMs: 20 };

/** Of each stream. */
const CONNECTIONS = 8;
/** Volume: a run of wrk ends with a pause, during which another one is in the middle of its own. */
const STREAMS = [
  { how: 'kept', startsAt: 0 },
  { how: 'new', startsAt: 0 },
  { how: 'kept', startsAt: 0.5 },
  { how: 'new', startsAt: 0.5 },
] as const;

export interface VisitorOptions {
  /** For how long one run of wrk sends, in whole seconds: a window is measured by the runs within it. Default 3. */
  roundSeconds?: number;
  /** Requests that take so long each, in ms, always two of them in flight. Default 5,000. */
  longMs?: number;
  /** WebSockets that are open at any time. Default 4. */
  sockets?: number;
  /** Each of them is left by the visitor after so long, in ms, and another one is opened. Default 8,000. */
  socketMs?: number;
}

/** One run of wrk, and when it was, in ms since 1970. */
export interface LoadRound extends LoadByRevision {
  from: number;
  to: number;
}

export interface VisitorReport {
  /** All of them, whoever sent them; a message on a WebSocket is one. */
  requests: number;
  /** Of each kind: requests that weren't answered with 2xx, and connections that broke. */
  failed: { volume: number; checked: number; long: number; sockets: number };
  /** Why, as far as the client knows; wrk does not. */
  reasons: string[];
  rounds: LoadRound[];
}

export interface Visitors {
  stop(): Promise<VisitorReport>;
}

interface Tally {
  requests: number;
  reasons: string[];
}

/** Users of every kind, who come in at a URL that sample services stand behind until they are stopped. */
export function startVisitors(url: string, options: VisitorOptions = {}): Visitors {
  const { roundSeconds = 3, longMs = 5_000, sockets = 4, socketMs = 8_000 } = options;
  let stopped = false;
  const isStopped = () => stopped;
  const checking = startLoad(url, UNHURRIED);
  const all = Promise.all([
    Promise.all(
      STREAMS.map(async ({ how, startsAt }) => {
        await sleep(1_000 * roundSeconds * startsAt);
        return await sendVolume(() => wrk(url, roundSeconds, how, CONNECTIONS), isStopped);
      }),
    ),
    atOnce(2, longMs, () => sendLong(new URL(`/slow?ms=${longMs}`, url), isStopped)),
    atOnce(sockets, socketMs, () => comeAndGo(url, socketMs, isStopped)),
  ]);
  // It is told to whoever stops them.
  all.catch(() => {});
  return {
    async stop() {
      stopped = true;
      const [checked, [volume, long, talks]] = await Promise.all([checking.stop(), all]);
      return reportOf(checked, volume.flat(), long, talks);
    },
  };
}

function reportOf(checked: LoadReport, rounds: LoadRound[], long: Tally, talks: Tally): VisitorReport {
  const errors = Object.entries(checked.errors).map(([revision, count]) => `${revision} answered ${count} with 5xx`);
  const broken = Object.entries(checked.reasons).map(([reason, count]) => `${reason}, ${count} times`);
  const told = rounds.filter(isBad).map((round) => `wrk at ${new Date(round.from).toISOString()}: ${tell(round)}`);
  return {
    requests: checked.requests + sum(rounds, ({ requests }) => requests) + long.requests + talks.requests,
    failed: {
      volume: sum(rounds, ({ badStatus, socketErrors }) => badStatus + socketErrors),
      checked: checked.failed + sum(Object.values(checked.errors), (count) => count),
      long: long.reasons.length,
      sockets: talks.reasons.length,
    },
    reasons: [...told, ...broken, ...errors, ...long.reasons, ...talks.reasons],
    rounds,
  };
}

async function sendVolume(run: () => Promise<LoadByRevision>, isStopped: () => boolean): Promise<LoadRound[]> {
  const rounds: LoadRound[] = [];
  while (!isStopped()) {
    const from = Date.now();
    const counted = await run();
    rounds.push({ ...counted, from, to: Date.now() });
  }
  return rounds;
}

async function sendLong(url: URL, isStopped: () => boolean): Promise<Tally> {
  const tally: Tally = { requests: 0, reasons: [] };
  while (!isStopped()) {
    const since = new Date().toISOString();
    const ended = await exchange(url);
    tally.requests++;
    if (ended.kind === 'failed') tally.reasons.push(`a long request since ${since}: ${ended.reason}`);
    else if (ended.status !== 200) tally.reasons.push(`a long request since ${since}: ${ended.status}`);
  }
  return tally;
}

/** Says something now and then. A connection that ends before its visitor leaves is a failure. */
async function comeAndGo(url: string, forMs: number, isStopped: () => boolean): Promise<Tally> {
  const tally: Tally = { requests: 0, reasons: [] };
  while (!isStopped()) {
    const since = Date.now();
    try {
      const socket = await EchoSocket.open(url);
      while (!isStopped() && Date.now() - since < forMs) {
        const said = `message ${tally.requests}`;
        const heard = await socket.echo(said);
        tally.requests++;
        if (!heard.endsWith(said)) tally.reasons.push(`a WebSocket: heard ${heard} for ${said}`);
        await sleep(ECHO_EVERY_MS);
      }
      await socket.close();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      tally.reasons.push(`a WebSocket since ${new Date(since).toISOString()}, at ${new Date().toISOString()}: ${why}`);
    }
  }
  return tally;
}

/** Several of the same, spread over the time that one lasts, so that something is always in the middle of it. */
async function atOnce(count: number, lastsMs: number, start: () => Promise<Tally>): Promise<Tally> {
  const tallies = await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      await sleep((lastsMs * at) / count);
      return await start();
    }),
  );
  return {
    requests: sum(tallies, ({ requests }) => requests),
    reasons: tallies.flatMap(({ reasons }) => reasons),
  };
}

const isBad = ({ badStatus, socketErrors }: LoadRound) => badStatus + socketErrors > 0;
const tell = ({ badStatus, socketErrors }: LoadRound) => `${badStatus} not 2xx, ${socketErrors} socket errors`;

function sum<T>(of: readonly T[], amount: (one: T) => number): number {
  return of.reduce((all, one) => all + amount(one), 0);
}
