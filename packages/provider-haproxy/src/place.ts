import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type CallContext, SlipwayError } from '@slipway/core/provider';

/** HAProxy binds a socket as `NAME.PID.tmp` first, and a path may have 107 bytes on Linux. */
const SOCKET_PATH_LIMIT = 85;

/** Where everything lies that belongs to the HAProxy of one environment. */
export interface Place {
  folder: string;
  /** What HAProxy reads, and in its head what was declared. */
  config: string;
  /** What is to become the config, while it is validated. */
  candidate: string;
  log: string;
  /** Which process keeps HAProxy running. */
  keeper: string;
  /** Held while one is being started. */
  starting: string;
  /** What was counted by workers and servers that are gone. */
  counters: string;
  /** What was declared to a HAProxy whose config isn't ours. */
  attached: string;
  statsSocket: string;
  masterSocket: string;
}

/** Makes the folder, and where its path is too long for sockets, a private one in the system's temporary folder. */
export function placeOf({ stateDirectory, environment }: CallContext): Place {
  const wanted = join(stateDirectory, 'haproxy', environment);
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  const folder = realpathSync(wanted);
  const sockets = socketFolder(folder);
  return {
    folder,
    config: join(folder, 'haproxy.cfg'),
    candidate: join(folder, 'haproxy.cfg.new'),
    log: join(folder, 'haproxy.log'),
    keeper: join(folder, 'keeper.json'),
    starting: join(folder, 'starting.json'),
    counters: join(folder, 'counters.json'),
    attached: join(folder, 'attached.json'),
    statsSocket: join(sockets, 'stats.sock'),
    masterSocket: join(sockets, 'master.sock'),
  };
}

function socketFolder(folder: string): string {
  if (Buffer.byteLength(join(folder, 'master.sock')) <= SOCKET_PATH_LIMIT) return folder;
  const own = join(tmpdir(), `slipway-haproxy-${userInfo().uid}`);
  const short = join(own, createHash('sha256').update(folder).digest('hex').slice(0, 16));
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(own);
  if (uid === userInfo().uid && (mode & 0o077) === 0) return short;
  throw new SlipwayError('haproxy-folder-unsafe', `${own} is to hold HAProxy's sockets and others may write to it.`, {
    subject: own,
    hint: `Remove ${own}, or use a shorter path for the project.`,
    details: { effect: 'none' },
  });
}
