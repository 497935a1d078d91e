import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endQuietly } from './end-quietly.ts';

const ANSWERS_WITHIN_MS = 60_000;
/** What the sample service's Dockerfile begins with. */
const BASE = 'node:26-slim';

/**
 * A Docker Engine of this harness alone, which may be killed: its own folder, socket and runtime, and no hand in the
 * machine's packet filter, so that other engines are left as they are. Its containers live on while it is away.
 */
export class OwnEngine {
  readonly #folder: string;
  /** Its own: an engine without a bridge removes `docker0`, which the machine's engine needs. */
  readonly #bridge = `own-${randomBytes(4).toString('hex')}`;
  readonly #subnet = `10.${200 + randomInt(50)}.${randomInt(250)}.1/24`;
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
    this.#ensureBridge();
    const network = ['--bridge', this.#bridge, '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
    this.#daemon = spawn('dockerd', [...places, ...network, '--live-restore'], { stdio: ['ignore', log, log] });
    for (const since = Date.now(); !this.#answers(); await sleep(100)) {
      if (Date.now() - since > ANSWERS_WITHIN_MS) throw new Error(`The engine doesn't answer: see ${at('log')}`);
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

  /** Ends it with all that it has; its log stays. */
  async stop(): Promise<void> {
    await this.up();
    const containers = this.docker('ps', '--all', '--quiet').split('\n').filter(Boolean);
    if (containers.length > 0) this.docker('rm', '--force', ...containers);
    this.docker('network', 'prune', '--force');
    await this.#end('SIGTERM');
    // The daemon mounts its data onto itself, and leaves that behind.
    spawnSync('umount', [join(this.#folder, 'data')], { stdio: 'ignore' });
    rmSync(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
    await this.#endRuntime();
  }

  /**
   * The runtime ends with the daemon, a moment later: a daemon that starts in between would take it for its own, and
   * wait for it forever.
   */
  async #endRuntime(): Promise<void> {
    const file = join(this.#folder, 'exec/containerd/containerd.pid');
    const pid = Number(readQuietly(file));
    const isRunning = () => readQuietly(`/proc/${pid}/cmdline`).includes(this.#folder);
    if (pid > 0 && isRunning()) endQuietly(pid);
    while (pid > 0 && isRunning()) await sleep(20);
    // Its number is taken for it as long as nobody has asked how it ended.
    rmSync(file, { force: true });
  }

  #ensureBridge(): void {
    if (spawnSync('ip', ['link', 'show', this.#bridge], { stdio: 'ignore' }).status === 0) return;
    execFileSync('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', this.#subnet, 'dev', this.#bridge]);
    execFileSync('ip', ['link', 'set', this.#bridge, 'up']);
  }

  #answers(): boolean {
    return spawnSync('docker', ['-H', this.host, 'info'], { stdio: 'ignore' }).status === 0;
  }
}

/** Empty for a file that is gone. */
function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
