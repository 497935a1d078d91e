import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// Three hosts on this machine for the environment `fleet`: network namespaces on a bridge of their own, each with its
// sshd, its host key and its folder. They share this machine's programs and have nothing else in common with it.

const folder = join(import.meta.dirname, '../.data/fleet');
const inventoryFile = join(folder, 'inventory.json');
const madeFile = join(folder, 'made.json');
const secretsFile = join(import.meta.dirname, '../.env');
const SECRET = 'SHOP_SESSION_KEY';

/** What was made outside of the folder; written before it is made, so that `down` finds what an interrupted `up` left. */
interface Made {
  bridge: string;
  /** The first three numbers of its addresses. */
  network: string;
}

interface Host {
  name: string;
  address: string;
  namespace: string;
}

/** Starts the hosts, and writes the inventory that the config reads. Says so when they run already. */
export async function hostsUp(): Promise<string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('Hosts on one machine are network namespaces: that takes Linux, and root.');
  for (const program of ['ip', '/usr/sbin/sshd', 'ssh-keygen']) requireProgram(program);
  if (await areUp()) return `The hosts run already: ${describe()}.`;
  hostsDown();
  const made: Made = {
    bridge: `shop${randomBytes(3).toString('hex')}`,
    network: `10.${randomInt(100, 200)}.${randomInt(0, 255)}`,
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(madeFile, JSON.stringify(made));
  try {
    await makeHosts(made);
  } catch (error) {
    hostsDown();
    throw error;
  }
  giveSecret();
  return `Three hosts are up: ${describe()}.`;
}

/** Ends every process of the hosts, and removes them with all that is on them. Safe to repeat. */
export function hostsDown(): string {
  if (!existsSync(madeFile)) return 'There are no hosts.';
  const made = JSON.parse(readFileSync(madeFile, 'utf8')) as Made;
  for (const { namespace } of hostsOf(made)) {
    for (const pid of quietly('ip', 'netns', 'pids', namespace).split('\n').filter(Boolean))
      quietly('kill', '-KILL', pid);
    quietly('ip', 'netns', 'delete', namespace);
  }
  quietly('ip', 'link', 'delete', made.bridge);
  rmSync(folder, { recursive: true, force: true });
  return 'The hosts are gone, with everything that was on them.';
}

async function makeHosts(made: Made): Promise<void> {
  const { bridge, network } = made;
  const loginKey = join(folder, 'login-key');
  makeKey(loginKey);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  run('ip', 'link', 'add', bridge, 'type', 'bridge');
  run('ip', 'address', 'add', `${network}.1/24`, 'dev', bridge);
  run('ip', 'link', 'set', bridge, 'up');
  const hosts = hostsOf(made);
  const inventory = hosts.map((host, index) => {
    connectHost(host, bridge, index);
    return {
      name: host.name,
      address: host.address,
      hostKey: startDaemon(host, loginKey),
      root: join(folder, host.name),
    };
  });
  await Promise.all(hosts.map(({ address }) => untilItAnswers(address)));
  // Systemd would start services of the whole machine, not of a host.
  const platform = { user: 'root', key: loginKey, supervisor: 'shell', hosts: inventory };
  writeFileSync(inventoryFile, `${JSON.stringify({ platform, router: `${network}.1` }, null, 2)}\n`);
}

function hostsOf({ bridge, network }: Made): Host[] {
  return [1, 2, 3].map((number) => ({
    name: `web${number}`,
    address: `${network}.${number + 10}`,
    namespace: `${bridge}-${number}`,
  }));
}

function connectHost({ namespace, address }: Host, bridge: string, index: number): void {
  const cable = `${bridge}v${index}`;
  run('ip', 'netns', 'add', namespace);
  run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  run('ip', 'link', 'set', cable, 'master', bridge, 'up');
  run('ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
  run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
}

/** Returns the host's public key, which the inventory pins. */
function startDaemon({ name, address, namespace }: Host, loginKey: string): string {
  const hostKey = join(folder, `${name}-key`);
  makeKey(hostKey);
  const config = [
    `ListenAddress ${address}:22`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${loginKey}.pub`,
    `PidFile ${join(folder, `${name}-pid`)}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    // What is run there is run by the Node that runs this. SHLVL keeps bash from reading the files of this machine's user.
    `SetEnv PATH=${dirname(process.execPath)}${delimiter}/usr/local/bin:/usr/bin:/bin SHLVL=1`,
  ];
  writeFileSync(join(folder, `${name}-sshd`), `${config.join('\n')}\n`);
  const log = join(folder, `${name}-log`);
  run('ip', 'netns', 'exec', namespace, '/usr/sbin/sshd', '-f', join(folder, `${name}-sshd`), '-E', log);
  return readFileSync(`${hostKey}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

/** The key that signs receipts there: hosts have no file of this machine, so it is a secret of the environment. */
function giveSecret(): void {
  const secrets = existsSync(secretsFile) ? readFileSync(secretsFile, 'utf8') : '';
  if (secrets.includes(`${SECRET}=`)) return;
  writeFileSync(secretsFile, `${secrets}${SECRET}=${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
}

async function areUp(): Promise<boolean> {
  if (!existsSync(inventoryFile)) return false;
  const made = JSON.parse(readFileSync(madeFile, 'utf8')) as Made;
  return (await Promise.all(hostsOf(made).map(({ address }) => answers(address)))).every(Boolean);
}

function describe(): string {
  const made = JSON.parse(readFileSync(madeFile, 'utf8')) as Made;
  return hostsOf(made)
    .map(({ name, address }) => `${name} (${address})`)
    .join(', ');
}

async function untilItAnswers(address: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await answers(address)) return;
    await sleep(100);
  }
  throw new Error(`The sshd on ${address} does not answer.`);
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function requireProgram(program: string): void {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
  } catch {
    throw new Error(`${program} is not on this machine; install openssh-server and iproute2.`);
  }
}

function makeKey(file: string): void {
  run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file);
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** For what may be gone already. */
function quietly(command: string, ...args: string[]): string {
  try {
    return run(command, ...args);
  } catch {
    return '';
  }
}
