import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWERS_WITHIN_MS = 60_000;
/** What the sample service's Dockerfile begins with. */
const BASE = 'node:26-slim';

/**
 * A Docker Engine of this harness alone, which may be killed: its own folder, socket and runtime, and no hand in the
 * machine's packet filter, so that other engines are left as they are. Its containers live on while it is away.
 */
export class OwnEngine {
  readonly #folder: string;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts it, with the base image of the machine's engine. */
  static async start(folder: string): Promise<OwnEngine> {
    mkdirSync(folder, { recursive: true });
    const engine = new OwnEngine(folder);
    await engine.up();
    execFileSync('sh', ['-c', `docker save ${BASE} | docker -H '${engine.host}' load`], { stdio: 'ignore' });
    return engine;
  }

  get host(): string {
    return `unix://${join(this.#folder, 'docker.sock')}`;
  }

  /** Starts the daemon unless it runs, and waits until it answers. */
  async up(): Promise<void> {
    if (this.#daemon?.exitCode === null && this.#daemon.signalCode === null) return;
    const log = openSync(join(this.#folder, 'log'), 'a');
    const at = (name: string) => join(this.#folder, name);
    const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', this.host];
    const network = ['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
    this.#daemon = spawn('dockerd', [...places, ...network, '--live-restore'], { stdio: ['ignore', log, log] });
    for (const since = Date.now(); !this.#answers(); await sleep(100)) {
      if (Date.now() - since > ANSWERS_WITHIN_MS) throw new Error(`The engine doesn't answer: ${at('log')}`);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Containers that exist, running or not, whose labels hold this text: their names and how they are. */
  containersOf(text: string): string[] {
    const format = '{{.Names}} {{.State}} {{.Labels}}';
    return this.docker('ps', '--all', '--no-trunc', '--format', format)
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => line.split(' ').slice(0, 2).join(' '));
  }

  docker(...args: string[]): string {
    return execFileSync('docker', ['-H', this.host, ...args], { encoding: 'utf8' });
  }

  /** Removes it with all that it has. */
  async stop(): Promise<void> {
    await this.up();
    const containers = this.docker('ps', '--all', '--quiet').split('\n').filter(Boolean);
    if (containers.length > 0) this.docker('rm', '--force', ...containers);
    this.docker('network', 'prune', '--force');
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
  }

  #answers(): boolean {
    return spawnSync('docker', ['-H', this.host, 'info'], { stdio: 'ignore' }).status === 0;
  }
}
