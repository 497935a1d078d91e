import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Endpoint } from '@slipway/core/provider';
import { freePort } from '../free-port.ts';
import { exchange } from '../load/exchange.ts';
import { waitUntil } from '../wait-until.ts';

/** One instance of the sample service as a process of this machine, with nothing that supervises it. */
export class SampleProcess {
  readonly endpoint: Endpoint;
  readonly #child: ChildProcess;

  private constructor(endpoint: Endpoint, child: ChildProcess) {
    this.endpoint = endpoint;
    this.#child = child;
  }

  /** Starts it from a folder that `writeSample` made, and waits until it answers. */
  static async start(directory: string, slot: number, env: Readonly<Record<string, string>>): Promise<SampleProcess> {
    const endpoint = { slot, host: '127.0.0.1', port: await freePort() };
    const child = spawn(process.execPath, ['server.mjs'], {
      cwd: directory,
      env: { ...env, PORT: String(endpoint.port), HOST: endpoint.host },
      stdio: 'ignore',
    });
    const url = `http://${endpoint.host}:${endpoint.port}/`;
    await waitUntil('the sample service answers', async () => (await exchange(url)).kind === 'answered');
    return new SampleProcess(endpoint, child);
  }

  /** Lets it finish what it does, and waits until it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}
