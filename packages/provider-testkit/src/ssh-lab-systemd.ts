import { randomBytes, randomInt } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordLab, removeContainers, removeLeftLabs } from './left-labs.ts';
import { run } from './network-namespaces.ts';
import type { LabHost } from './ssh-lab.ts';
import { makeKey, untilSshAnswers } from './ssh-lab-parts.ts';

/** Made by `scripts/base-images.sh`. */
const IMAGE = 'slipway-systemd-host:1';

export interface SystemdLab {
  hosts: Pick<LabHost, 'name' | 'address' | 'hostKey'>[];
  /** Who may log in: `lasting` may have services that outlive the login (lingering), `passing` may not. */
  users: readonly ['root', 'lasting', 'passing'];
  /** The private key that every host lets in. */
  keyFile: string;
  /** Lists the keys of all hosts. */
  knownHosts: string;
  /** Temporary, for whatever a test needs. */
  folder: string;
  /** What a command printed that root ran on a host. Throws when it failed. */
  on(index: number, ...command: string[]): string;
  /** Shuts a host down and boots it; with `powerLoss` everything on it ends first, without warning. */
  restart(index: number, how?: { powerLoss?: boolean }): Promise<void>;
  /** Removes the hosts with all that they had. Safe to repeat. */
  stop(): void;
}

/**
 * Starts hosts with systemd and sshd: containers, each with a systemd of its own, on a network of their own. Needs
 * root, a Docker Engine that is reached by its bridges, and the image. Names and addresses are random, so that several
 * labs can stand side by side.
 */
export async function startSystemdHosts(count: number): Promise<SystemdLab> {
  removeLeftLabs();
  const id = `swd${randomBytes(3).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-hosts-'));
  const network = `10.${randomInt(150, 200)}.${randomInt(0, 255)}`;
  const keyFile = join(folder, 'login-key');
  const knownHosts = join(folder, 'known_hosts');
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    process.off('exit', stop);
    removeContainers(id, count);
    rmSync(folder, { recursive: true, force: true });
    rmSync(record, { force: true });
  };
  const record = recordLab({ id, folder, count, isOfContainers: true });
  process.once('exit', stop);
  const hosts: SystemdLab['hosts'] = [];
  try {
    makeKey(keyFile);
    run('docker', 'network', 'create', '--subnet', `${network}.0/24`, '--gateway', `${network}.1`, id);
    for (let index = 0; index < count; index += 1) {
      const address = `${network}.${index + 10}`;
      hosts.push({ name: `host${index}`, address, hostKey: startHost({ id, index, address, folder, keyFile }) });
    }
    writeFileSync(knownHosts, hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''));
    await Promise.all(hosts.map(({ address }) => untilSshAnswers(address)));
  } catch (error) {
    stop();
    throw error;
  }
  return {
    ...{ hosts, users: ['root', 'lasting', 'passing'], keyFile, knownHosts, folder, stop },
    on: (index, ...command) => run('docker', 'exec', `${id}n${index}`, ...command),
    async restart(index, { powerLoss = false } = {}) {
      if (powerLoss) run('docker', 'kill', `${id}n${index}`);
      else run('docker', 'stop', '--time', '60', `${id}n${index}`);
      run('docker', 'start', `${id}n${index}`);
      await untilSshAnswers(hosts[index]!.address);
    },
  };
}

interface Made {
  id: string;
  index: number;
  address: string;
  folder: string;
  keyFile: string;
}

/** Returns the host's public key. */
function startHost({ id, index, address, folder, keyFile }: Made): string {
  const keys = join(folder, `host${index}`);
  mkdirSync(keys, { mode: 0o755 });
  copyFileSync(`${keyFile}.pub`, join(keys, 'authorized_keys'));
  const hostKey = makeKey(join(keys, 'host-key'));
  run(
    ...(['docker', 'run', '--detach', '--name', `${id}n${index}`, '--hostname', `host${index}`] as const),
    ...['--network', id, '--ip', address, '--volume', `${keys}:/etc/ssh/lab:ro`],
    // What systemd needs to be the first process: its control groups, mounts, and folders that a boot finds empty.
    ...['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
    ...['--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp', IMAGE],
  );
  return hostKey;
}
