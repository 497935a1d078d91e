import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchange } from './exchange.ts';
import { LoadCount, type LoadReport } from './report.ts';

export interface LoadOptions {
  /** Connections that are kept, each with one request after the other. Default 4. */
  kept?: number;
  /** As many that take a new connection for each request. Default 2. */
  fresh?: number;
  /** Between two requests of a connection, in ms. Default 2. */
  gapMs?: number;
}

export interface Load {
  /** What it saw so far. */
  report(): LoadReport;
  /** Ends it, the requests in flight having been answered. */
  stop(): Promise<LoadReport>;
}

/** Loads a URL that sample services stand behind, until it is stopped. Nothing is ever sent twice. */
export function startLoad(url: string, options: LoadOptions = {}): Load {
  return start(url, options, () => true);
}

/** Sends so many requests, and says how they went. */
export async function sendLoad(url: string, requests: number, options: LoadOptions = {}): Promise<LoadReport> {
  let left = requests;
  return await start(url, { gapMs: 0, ...options }, () => left-- > 0).finished;
}

function start(
  url: string,
  { kept = 4, fresh = 2, gapMs = 2 }: LoadOptions,
  goesOn: () => boolean,
): Load & { finished: Promise<LoadReport> } {
  const agents = Array.from({ length: kept }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const count = new LoadCount();
  let stopped = false;
  const send = async (agent: Agent | undefined) => {
    while (!stopped && goesOn()) {
      const since = performance.now();
      count.add(await exchange(url, agent ? { agent } : {}), performance.now() - since);
      if (gapMs > 0) await sleep(gapMs);
    }
  };
  const all = [...agents, ...Array.from({ length: fresh }, () => undefined)].map(send);
  const finished = Promise.all(all).then(() => {
    for (const agent of agents) agent.destroy();
    return count.report();
  });
  return {
    report: () => count.report(),
    finished,
    async stop() {
      stopped = true;
      return await finished;
    },
  };
}
