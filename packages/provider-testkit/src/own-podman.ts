import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeTurn } from './machine-turn.ts';
import { waitUntil } from './wait-until.ts';

export interface PodmanOptions {
  /** Images of the machine's Docker engine that it begins with. */
  images: readonly string[];
  /** A registry (`127.0.0.1:5000`) that it may use without TLS. */
  registry?: string;
}

/**
 * A Podman of a test alone, which speaks Docker's API on a socket: its own images, containers and networks. Needs root,
 * podman, catatonit, and a Docker engine to take images from. Its containers outlive a process that doesn't stop it.
 * One at a time on a machine, since each calls its bridges `cni-podman1`, `cni-podman2`, …: starting waits for its turn.
 */
export class OwnPodman {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #giveTurnBack: () => Promise<void>;
  #service: ChildProcess | undefined;

  private constructor(folder: string, giveTurnBack: () => Promise<void>) {
    this.#folder = folder;
    this.#giveTurnBack = giveTurnBack;
    this.#environment = {
      ...process.env,
      CONTAINERS_CONF: join(folder, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
      CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
    };
  }

  static async start({ images, registry }: PodmanOptions): Promise<OwnPodman> {
    const podman = new OwnPodman(mkdtempSync(join(tmpdir(), 'slipway-podman-')), await takeTurn('podman'));
    try {
      podman.#writeConfig(registry);
      podman.#take(images);
      await podman.#serve();
      return podman;
    } catch (error) {
      await podman.stop();
      throw error;
    }
  }

  get host(): string {
    return `unix://${join(this.#folder, 'podman.sock')}`;
  }

  /** Podman's own command line; what it printed. */
  run(...args: string[]): string {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    return execFileSync('podman', args, { env: this.#environment, encoding: 'utf8', stdio: [...stdio] }).trim();
  }

  /** Ends it with all that it has. Safe to repeat. */
  async stop(): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    if (service?.exitCode === null && service.signalCode === null) {
      const ended = once(service, 'exit');
      service.kill('SIGTERM');
      await ended;
    }
    if (!existsSync(this.#folder)) return;
    this.run('rm', '--all', '--force', '--time', '0');
    this.run('network', 'prune', '--force');
    removeAddressNotes();
    spawnSync('umount', [join(this.#folder, 'images', 'overlay')], { stdio: 'ignore' });
    rmSync(this.#folder, { recursive: true, force: true });
    await this.#giveTurnBack();
  }

  #writeConfig(registry: string | undefined): void {
    const write = (name: string, lines: string[]) =>
      writeFileSync(join(this.#folder, name), lines.map((line) => `${line}\n`).join(''));
    const at = (name: string) => JSON.stringify(join(this.#folder, name));
    // crun refuses a machine that has both versions of control groups.
    const hybrid = existsSync('/sys/fs/cgroup/unified/cgroup.controllers');
    write('containers.conf', [
      '[containers]',
      // Less than root has in every container itself, where it may not raise its limits.
      'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]',
      'log_driver = "k8s-file"',
      '[engine]',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      // Locks of its own: they are the machine's otherwise, and others' Podmans count theirs from the same number.
      'lock_type = "file"',
      `tmp_dir = ${at('tmp')}`,
      ...(hybrid ? ['runtime = "runc"'] : []),
      '[network]',
      `network_config_dir = ${at('networks')}`,
    ]);
    write('storage.conf', ['[storage]', 'driver = "overlay"', `graphroot = ${at('images')}`, `runroot = ${at('run')}`]);
    write('registries.conf', [
      'unqualified-search-registries = ["docker.io"]',
      ...(registry === undefined ? [] : ['[[registry]]', `location = ${JSON.stringify(registry)}`, 'insecure = true']),
    ]);
  }

  #take(images: readonly string[]): void {
    for (const image of images) {
      const load = `docker save '${image}' | podman load --quiet`;
      execFileSync('sh', ['-c', load], { env: this.#environment, stdio: 'ignore' });
      // Loaded without a registry's name; over Docker's API a plain name means Docker's own.
      this.run('tag', `localhost/${image}`, `docker.io/library/${image}`);
    }
  }

  async #serve(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const args = ['system', 'service', '--time', '0', this.host];
    this.#service = spawn('podman', args, { env: this.#environment, stdio: ['ignore', log, log] });
    closeSync(log);
    await waitUntil('Podman answers', async () => {
      return spawnSync('docker', ['-H', this.host, 'version'], { stdio: 'ignore' }).status === 0;
    });
  }
}

/** CNI notes in the machine's own place which addresses it gave on which network, and keeps an empty note of each. */
function removeAddressNotes(): void {
  const notes = '/var/lib/cni/networks';
  for (const network of existsSync(notes) ? readdirSync(notes) : []) {
    const given = readdirSync(join(notes, network)).filter((name) => /^\d/.test(name));
    if (network.startsWith('slipway-') && given.length === 0) rmSync(join(notes, network), { recursive: true });
  }
}
