import { setTimeout as sleep } from 'node:timers/promises';
import { EchoSocket, exchange, type LoadReport, startLoad } from '@slipway/provider-testkit';
import { type Load as WrkLoad, load as wrk } from './wrk.ts';

/** How long one run of wrk takes, in s: what comes after it learns of the end. */
const ROUND_S = 3;
/** From one message on a WebSocket to the next, in ms. */
const ECHO_EVERY_MS = 100;

export interface VisitorOptions {
  /** Volume: wrk with kept connections and with new ones. Default true. */
  volume?: boolean;
  /** Requests in flight that take so long each, in ms. Default: none. */
  longMs?: number;
  /** Open WebSockets. Default 0. */
  sockets?: number;
}

export interface VisitorReport {
  /** All of them, whoever sent them. */
  requests: number;
  /** Requests that failed and connections that broke; what a revision itself answered with 500 is none. */
  failed: number;
  /** What the client saw that knows who answered. */
  checked: LoadReport;
  volume: WrkLoad;
  long: { requests: number; failed: string[] };
  sockets: { messages: number; failed: string[] };
}

export interface Visitors {
  stop(): Promise<VisitorReport>;
}

/** Users of every kind, who come in at a URL that sample services stand behind until they are stopped. */
export function startVisitors(url: string, { volume = true, longMs = 0, sockets = 0 }: VisitorOptions = {}): Visitors {
  let stopped = false;
  const isStopped = () => stopped;
  const checking = startLoad(url);
  const all = Promise.all([
    volume ? sendVolume(url, isStopped) : { requests: 0, badStatus: 0, socketErrors: 0 },
    longMs > 0 ? sendLong(new URL(`/slow?ms=${longMs}`, url), isStopped) : { requests: 0, failed: [] },
    Promise.all(Array.from({ length: sockets }, () => keepTalking(url, isStopped))),
  ]);
  return {
    async stop() {
      stopped = true;
      const [checked, [loaded, long, talks]] = await Promise.all([checking.stop(), all]);
      const messages = talks.reduce((sum, talk) => sum + talk.messages, 0);
      const broken = talks.flatMap((talk) => talk.failed);
      return {
        requests: checked.requests + loaded.requests + long.requests + messages,
        failed: checked.failed + loaded.badStatus + loaded.socketErrors + long.failed.length + broken.length,
        checked,
        volume: loaded,
        long,
        sockets: { messages, failed: broken },
      };
    },
  };
}

async function sendVolume(url: string, isStopped: () => boolean): Promise<WrkLoad> {
  const total: WrkLoad = { requests: 0, badStatus: 0, socketErrors: 0 };
  while (!isStopped()) {
    for (const counted of await Promise.all([wrk(url, ROUND_S, 'kept'), wrk(url, ROUND_S, 'new')])) {
      total.requests += counted.requests;
      total.badStatus += counted.badStatus;
      total.socketErrors += counted.socketErrors;
    }
  }
  return total;
}

/** One after the other, so that one is always in flight. */
async function sendLong(url: URL, isStopped: () => boolean): Promise<VisitorReport['long']> {
  const report: VisitorReport['long'] = { requests: 0, failed: [] };
  while (!isStopped()) {
    const ended = await exchange(url);
    report.requests++;
    if (ended.kind === 'failed') report.failed.push(ended.reason);
  }
  return report;
}

/** Says something now and then. A connection that ends meanwhile is a failure, and the next one is opened. */
async function keepTalking(url: string, isStopped: () => boolean): Promise<VisitorReport['sockets']> {
  const report: VisitorReport['sockets'] = { messages: 0, failed: [] };
  while (!isStopped()) {
    try {
      const socket = await EchoSocket.open(url);
      while (!isStopped()) {
        const said = `message ${report.messages}`;
        const heard = await socket.echo(said);
        report.messages++;
        if (!heard.endsWith(said)) report.failed.push(`heard ${heard} for ${said}`);
        await sleep(ECHO_EVERY_MS);
      }
      await socket.close();
    } catch (error) {
      report.failed.push(error instanceof Error ? error.message : String(error));
    }
  }
  return report;
}
