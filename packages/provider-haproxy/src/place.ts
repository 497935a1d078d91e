import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type CallContext, SlipwayError } from '@slipway/core/provider';

/** HAProxy binds a socket as `NAME.PID.tmp` first, and a path may have 107 bytes on Linux. */
const SOCKET_PATH_LIMIT = 85;

export const CONFIG = 'haproxy.cfg';
/** Says which folder of the system's temporary one has the sockets, where this one can't. */
const NOTE = 'sockets';

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
  /** Their folder in the system's temporary one, where this one's path is too long. */
  socketsElsewhere?: string;
}

/** Whether any HAProxy was told anything for the environment. */
export const hasPlace = (context: CallContext) => existsSync(folderOf(context));

const folderOf = ({ stateDirectory, environment }: Pick<CallContext, 'stateDirectory' | 'environment'>) =>
  join(stateDirectory, 'haproxy', environment);

/** Makes the folder, and where its path is too long for sockets, a private one in the system's temporary folder. */
export function placeOf(context: CallContext): Place {
  const wanted = folderOf(context);
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  const folder = realpathSync(wanted);
  const sockets = socketFolder(folder);
  return {
    folder,
    config: join(folder, CONFIG),
    candidate: join(folder, `${CONFIG}.new`),
    log: join(folder, 'haproxy.log'),
    keeper: join(folder, 'keeper.json'),
    starting: join(folder, 'starting.json'),
    counters: join(folder, 'counters.json'),
    attached: join(folder, 'attached.json'),
    statsSocket: join(sockets, 'stats.sock'),
    masterSocket: join(sockets, 'master.sock'),
    ...(sockets === folder ? {} : { socketsElsewhere: sockets }),
  };
}

/** As HAProxy is told it, which runs in the folder: so it goes on when the project is moved. */
export function fromFolder({ folder }: Place, path: string): string {
  return dirname(path) === folder ? basename(path) : path;
}

/** Where they are elsewhere. The next HAProxy has others. */
export async function removeSockets({ folder, socketsElsewhere }: Place): Promise<void> {
  if (socketsElsewhere === undefined) return;
  await rm(socketsElsewhere, { recursive: true, force: true });
  await rm(join(folder, NOTE), { force: true });
}

function socketFolder(folder: string): string {
  if (Buffer.byteLength(join(folder, 'master.sock')) <= SOCKET_PATH_LIMIT) return folder;
  const own = join(tmpdir(), `slipway-haproxy-${userInfo().uid}`);
  const short = join(own, notedName(join(folder, NOTE)));
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(own);
  if (uid === userInfo().uid && (mode & 0o077) === 0) return short;
  throw new SlipwayError('haproxy-folder-unsafe', `${own} is to hold HAProxy's sockets and others may write to it.`, {
    subject: own,
    hint: `Remove ${own}, or use a shorter path for the project.`,
    details: { effect: 'none' },
  });
}

/** Made up once: the path would also be that of a project that comes here when this one was moved or removed. */
function notedName(file: string): string {
  try {
    writeFileSync(file, randomBytes(8).toString('hex'), { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return basename(readFileSync(file, 'utf8'));
}
