import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';

/** One request that was timed. */
export interface Sample {
  /** When it began, in ms of `performance.now()`. */
  at: number;
  ms: number;
  ok: boolean;
}

/** What the whole load came to. */
export interface LoadResult {
  requests: number;
  /** Answers other than 2xx and 3xx, and connections, reads, writes and time-outs that failed. */
  failed: number;
  samples: Sample[];
}

const CONNECTIONS = 8;
const PROBES = 4;
/** From one timed request to the next on the same connection, in ms. */
const PROBE_PAUSE_MS = 10;

/** Volume by wrk on kept connections, and beside it requests that are timed one by one. */
export class LoadOn {
  readonly #url: string;
  readonly #wrk: ChildProcess;
  readonly #samples: Sample[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: PROBES });
  readonly #probes: Promise<void>[];
  #output = '';
  #stopped = false;

  constructor(url: string) {
    this.#url = url;
    this.#wrk = spawn('wrk', ['-t1', `-c${CONNECTIONS}`, '-d600s', '--timeout', '10s', url], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#wrk.stdout!.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    this.#probes = Array.from({ length: PROBES }, () => this.#probe());
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    const ended = once(this.#wrk, 'close');
    this.#wrk.kill('SIGINT');
    await Promise.all([ended, ...this.#probes]);
    this.#agent.destroy();
    const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(this.#output);
    const socketErrors = socket ? socket.slice(1).reduce((sum, count) => sum + Number(count), 0) : 0;
    const badStatus = Number(/Non-2xx or 3xx responses: (\d+)/.exec(this.#output)?.[1] ?? 0);
    const probesFailed = this.#samples.filter((sample) => !sample.ok).length;
    return {
      requests: Number(/(\d+) requests in/.exec(this.#output)?.[1] ?? 0) + this.#samples.length,
      failed: socketErrors + badStatus + probesFailed,
      samples: this.#samples,
    };
  }

  async #probe(): Promise<void> {
    while (!this.#stopped) {
      const at = performance.now();
      const ok = await this.#ask();
      this.#samples.push({ at, ms: performance.now() - at, ok });
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
    }
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request(this.#url, { agent: this.#agent, timeout: 10_000 }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      });
      asked.once('timeout', () => asked.destroy());
      asked.once('error', () => resolve(false));
      asked.end();
    });
  }
}
