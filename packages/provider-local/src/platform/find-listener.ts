import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, resolve } from 'node:path';

/** The state of a listening socket in `/proc/net/tcp`; see proc_net_tcp.txt of the kernel's documentation. */
const LISTEN = '0A';
/** Addresses that take connections to 127.0.0.1 as `/proc/net/tcp` and `tcp6` write them, the nearest first. */
const ADDRESSES = ['0100007F', '0000000000000000FFFF00000100007F', '00000000', '0'.repeat(32)];

/** Longer texts are cut. */
const LONGEST = 200;

interface ListeningSocket {
  inode: string;
  user: string;
}

/**
 * Which process listens on a port of this machine, in words: `node server.js (process 4711, in /home/ann/shop)`.
 * Of its arguments only a file that it runs is told, since others may be secrets. Undefined where it can't be
 * found: elsewhere than on Linux, or when it is gone.
 */
export function findListener(port: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const socket = listeningSocket(port);
  if (!socket) return undefined;
  const pid = processOf(socket);
  return pid === undefined ? `a process of the user ${socket.user}` : describe(pid);
}

function listeningSocket(port: number): ListeningSocket | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const found = new Map<string, ListeningSocket>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readQuietly(table).split('\n').slice(1)) {
      const [, local = '', , state, , , , user = '', , inode = ''] = line.trim().split(/\s+/);
      const [address = '', at] = local.split(':');
      if (state === LISTEN && at === wanted) found.set(address, { inode, user });
    }
  }
  const address = ADDRESSES.find((one) => found.has(one));
  return address === undefined ? undefined : found.get(address);
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
