import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { basename, resolve } from 'node:path';

/** The state of a listening socket in `/proc/net/tcp`; see proc_net_tcp.txt of the kernel's documentation. */
const LISTEN = '0A';
/** Longer texts are cut. */
const LONGEST = 200;

interface ListeningSocket {
  inode: string;
  user: string;
}

/** Who listens somewhere. */
export interface Listener {
  /** Undefined where it is another user's. */
  pid?: number;
  /** For people, without anything that could be a secret: `node server.js (process 4711, in /home/ann/shop)`. */
  description: string;
}

/**
 * Who listens on a port of this machine at an address of it, or at all of them. Of a process' arguments only a file that
 * it runs is told, since others may be secrets. Undefined where it can't be found: elsewhere than on Linux, or when it
 * is gone. Looks only.
 */
export function findListener(port: number, host = '127.0.0.1'): Listener | undefined {
  if (process.platform !== 'linux') return undefined;
  const socket = listeningSocket(port, host);
  if (!socket) return undefined;
  const pid = processOf(socket);
  return pid === undefined
    ? { description: `a process of the user ${socket.user}` }
    : { pid, description: describe(pid) };
}

function listeningSocket(port: number, host: string): ListeningSocket | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const found = new Map<string, ListeningSocket>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readQuietly(table).split('\n').slice(1)) {
      const [, local = '', , state, , , , user = '', , inode = ''] = line.trim().split(/\s+/);
      const [address = '', at] = local.split(':');
      if (state === LISTEN && at === wanted) found.set(address, { inode, user });
    }
  }
  const address = addressesOf(host).find((one) => found.has(one));
  return address === undefined ? undefined : found.get(address);
}

/** Those that take connections to it as `/proc/net/tcp` and `tcp6` write them, the nearest first. */
function addressesOf(host: string): string[] {
  const all = ['00000000', '0'.repeat(32)];
  if (!isIPv4(host)) return [`${'0'.repeat(24)}01000000`, ...all];
  const bytes = host.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  const own = bytes.toReversed().join('');
  return [own, `0000000000000000FFFF0000${own}`, ...all];
}

/** Undefined where it is another user's: what those have open can't be seen. */
function processOf({ inode }: ListeningSocket): number | undefined {
  for (const pid of listQuietly('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const folder = `/proc/${pid}/fd`;
    if (listQuietly(folder).some((fd) => linkQuietly(`${folder}/${fd}`) === `socket:[${inode}]`)) return Number(pid);
  }
  return undefined;
}

function describe(pid: number): string {
  const folder = linkQuietly(`/proc/${pid}/cwd`);
  const [program = '', ...args] = readQuietly(`/proc/${pid}/cmdline`).split('\0');
  const name = basename(program) || readQuietly(`/proc/${pid}/comm`).trim();
  const file = args.find((arg) => arg !== '' && !arg.startsWith('-') && existsSync(resolve(folder ?? '/', arg)));
  const what = [name, ...(file === undefined ? [] : [file])].join(' ');
  const where = folder === undefined ? '' : `, in ${plain(folder)}`;
  return `${plain(what)} (process ${pid}${where})`;
}

/** Others chose these words: none of them may steer a terminal. */
function plain(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').slice(0, LONGEST);
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // Gone, or not ours to read.
  }
}

function listQuietly(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkQuietly(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
