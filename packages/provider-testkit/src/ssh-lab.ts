import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordLab, removeLeftLabs } from './left-labs.ts';
import { quietly, removeHost, run } from './network-namespaces.ts';
import { makeKey, untilSshAnswers } from './ssh-lab-parts.ts';

/** One host of the lab: a network namespace with an sshd of its own. The hosts share this machine's files and processes. */
export interface LabHost {
  name: string;
  address: string;
  /** `ssh-ed25519 AAAA...`, as known_hosts and authorized_keys have it. */
  hostKey: string;
  /** A folder that is this host's alone. */
  root: string;
  /** Its network namespace, for `ip netns exec`. */
  namespace: string;
}

export interface SshLab {
  hosts: LabHost[];
  user: string;
  /** The private key that every host lets in. */
  keyFile: string;
  /** Lists the keys of all hosts. */
  knownHosts: string;
  /** Temporary, for whatever a test needs. */
  folder: string;
  /** Takes a host's cable out: nothing is refused, nothing answers. */
  cut(index: number): void;
  mend(index: number): void;
  /** Ends every process of the hosts, and removes them with all that they had. Safe to repeat. */
  stop(): void;
}

/**
 * Starts hosts that are reached over SSH: namespaces on a bridge of their own. Needs root, iproute2 and sshd. Names and
 * addresses are random, so that several labs can stand side by side.
 */
export async function startHosts(count: number): Promise<SshLab> {
  removeLeftLabs();
  const id = `sw${randomBytes(3).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-hosts-'));
  const network = `10.${randomInt(200, 250)}.${randomInt(0, 255)}`;
  const keyFile = join(folder, 'login-key');
  const knownHosts = join(folder, 'known_hosts');
  const daemons: ChildProcess[] = [];
  const hosts: LabHost[] = [];
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    process.off('exit', stop);
    for (const { namespace } of hosts) removeHost(namespace);
    for (const daemon of daemons) daemon.kill('SIGKILL');
    quietly('ip', 'link', 'delete', id);
    rmSync(folder, { recursive: true, force: true });
    rmSync(record, { force: true });
  };
  const record = recordLab({ id, folder, count });
  process.once('exit', stop);
  try {
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    makeKey(keyFile);
    run('ip', 'link', 'add', id, 'type', 'bridge');
    run('ip', 'address', 'add', `${network}.1/24`, 'dev', id);
    run('ip', 'link', 'set', id, 'up');
    for (let index = 0; index < count; index += 1) {
      const host = makeHost({ id, index, address: `${network}.${index + 10}`, folder });
      hosts.push(host);
      daemons.push(startDaemon(host, { folder, keyFile }));
    }
    writeFileSync(knownHosts, hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''));
    await Promise.all(hosts.map(({ address }) => untilSshAnswers(address)));
  } catch (error) {
    stop();
    throw error;
  }
  const setLink = (index: number, state: 'up' | 'down') => run('ip', 'link', 'set', `${id}v${index}`, state);
  return {
    ...{ hosts, user: 'root', keyFile, knownHosts, folder, stop },
    cut: (index) => setLink(index, 'down'),
    mend: (index) => setLink(index, 'up'),
  };
}

function makeHost({ id, index, address, folder }: { id: string; index: number; address: string; folder: string }) {
  const [namespace, outer, name] = [`${id}n${index}`, `${id}v${index}`, `host${index}`];
  const hostKeyFile = join(folder, `${name}-key`);
  const hostKey = makeKey(hostKeyFile);
  run('ip', 'netns', 'add', namespace);
  const inside = (...args: string[]) => run('ip', '-n', namespace, ...args);
  run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  run('ip', 'link', 'set', outer, 'master', id, 'up');
  inside('address', 'add', `${address}/24`, 'dev', 'eth0');
  inside('link', 'set', 'eth0', 'up');
  inside('link', 'set', 'lo', 'up');
  return { name, address, hostKey, namespace, root: join(folder, `${name}-root`) };
}

function startDaemon({ name, address, namespace }: LabHost, { folder, keyFile }: { folder: string; keyFile: string }) {
  const config = join(folder, `${name}-sshd`);
  const lines = [
    `ListenAddress ${address}:22`,
    `HostKey ${join(folder, `${name}-key`)}`,
    `AuthorizedKeysFile ${keyFile}.pub`,
    `PidFile ${join(folder, `${name}-pid`)}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'LogLevel ERROR',
    // The files that bash reads of this machine's user would be the hosts', and may do anything, slowly.
    'SetEnv SHLVL=1',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const args = ['netns', 'exec', namespace, '/usr/sbin/sshd', '-f', config, '-D', '-E', join(folder, `${name}-log`)];
  const daemon = spawn('ip', args, { stdio: 'ignore' });
  daemon.unref();
  return daemon;
}
