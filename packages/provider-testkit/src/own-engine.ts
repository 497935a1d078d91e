import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWERS_WITHIN_MS = 60_000;

export interface OwnEngineOptions {
  /** Images of the machine's engine that it begins with. Default: the one that the sample service is built of. */
  images?: readonly string[];
  /** Whether its containers live on while it is away; else they end with it, and come back with it. Default true. */
  liveRestore?: boolean;
  /** More for the daemon's command line, for example where else it listens. */
  arguments?: readonly string[];
  /** A network namespace that the daemon, its containers and its ports are in: another machine, as far as addresses go. */
  namespace?: string;
}

/**
 * A Docker Engine of a test alone, which may be killed: its own folder, socket and runtime, and no hand in the machine's
 * packet filter, so that other engines are left as they are. Needs root, dockerd, and an engine to take images from.
 */
export class OwnEngine {
  readonly #folder: string;
  readonly #options: OwnEngineOptions;
  /** Its own: an engine without a bridge removes `docker0`, which the machine's engine needs. */
  readonly #bridge = `own-${randomBytes(4).toString('hex')}`;
  readonly #subnet = `10.${130 + randomInt(60)}.${randomInt(250)}.1/24`;
  #daemon: ChildProcess | undefined;
  #ending: Promise<void> | undefined;

  private constructor(folder: string, options: OwnEngineOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts it. What it needs is put into the folder, which should be short of name: sockets are in it. */
  static async start(folder: string, options: OwnEngineOptions = {}): Promise<OwnEngine> {
    mkdirSync(folder, { recursive: true });
    const engine = new OwnEngine(folder, options);
    try {
      await engine.up();
      for (const image of options.images ?? ['node:26-slim'])
        execFileSync('sh', ['-c', `docker save '${image}' | docker -H '${engine.host}' load`], { stdio: 'ignore' });
      return engine;
    } catch (error) {
      await engine.kill();
      throw error;
    }
  }

  get host(): string {
    return `unix://${join(this.#folder, 'docker.sock')}`;
  }

  /** Starts the daemon unless it runs, and waits until it answers. */
  async up(): Promise<void> {
    if (this.#daemon?.exitCode === null && this.#daemon.signalCode === null) return;
    await this.#ending;
    const log = openSync(join(this.#folder, 'log'), 'a');
    const at = (name: string) => join(this.#folder, name);
    const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', this.host];
    this.#ensureBridge();
    const network = ['--bridge', this.#bridge, '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
    const restore = (this.#options.liveRestore ?? true) ? ['--live-restore'] : [];
    const [command, ...args] = this.#inNamespace('dockerd', ...places, ...network, ...restore);
    this.#daemon = spawn(command, [...args, ...(this.#options.arguments ?? [])], { stdio: ['ignore', log, log] });
    closeSync(log);
    for (const since = Date.now(); !this.#answers(); await sleep(100)) {
      const ended = this.#daemon.exitCode !== null;
      if (ended || Date.now() - since > ANSWERS_WITHIN_MS)
        throw new Error(`The engine doesn't answer:\n${readQuietly(at('log')).split('\n').slice(-10).join('\n')}`);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it end as it would with its machine: without `liveRestore`, its containers end before it. */
  async down(): Promise<void> {
    await this.#end('SIGTERM');
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
    await this.down();
    for (const pid of this.#shims()) endQuietly(pid);
    this.#ip('link', 'delete', this.#bridge);
    // The daemon mounts its data onto itself, and leaves that behind.
    spawnSync('umount', [join(this.#folder, 'data')], { stdio: 'ignore' });
    rmSync(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  /** Whoever asks while it ends waits for the same end. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon?.exitCode === null && daemon.signalCode === null) this.#ending = this.#endDaemon(daemon, signal);
    await this.#ending;
  }

  async #endDaemon(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
    await this.#endRuntime();
    // Who has its number now isn't this daemon.
    rmSync(join(this.#folder, 'pid'), { force: true });
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

  /** Of containers that were being made when the daemon was killed, nobody knows: their shims wait for it forever. */
  #shims(): number[] {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    const socket = join(this.#folder, 'exec/containerd/containerd.sock');
    return pids.filter((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(`\0-address\0${socket}\0`));
  }

  #ensureBridge(): void {
    if (this.#ip('link', 'show', this.#bridge)) return;
    this.#ip('link', 'add', this.#bridge, 'type', 'bridge');
    this.#ip('address', 'add', this.#subnet, 'dev', this.#bridge);
    if (!this.#ip('link', 'set', this.#bridge, 'up')) throw new Error(`No bridge ${this.#bridge} could be made.`);
  }

  /** Whether it could be done. */
  #ip(...args: string[]): boolean {
    const [command, ...rest] = this.#inNamespace('ip', ...args);
    return spawnSync(command, rest, { stdio: 'ignore' }).status === 0;
  }

  /** Only the network is another one: `ip netns exec` would hide the control groups too. */
  #inNamespace(command: string, ...args: string[]): [string, ...string[]] {
    const { namespace } = this.#options;
    return namespace === undefined
      ? [command, ...args]
      : ['nsenter', `--net=/run/netns/${namespace}`, command, ...args];
  }

  #answers(): boolean {
    return spawnSync('docker', ['-H', this.host, 'info'], { stdio: 'ignore' }).status === 0;
  }
}

/** It may have ended with others already. */
function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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
