import { ask } from './ask.ts';

/** A server as `show servers state` and `show stat` tell. */
export interface LiveServer {
  backend: string;
  name: string;
  /** What it was given, 0 to 256. */
  weight: number;
  /** Taken out by command or config: gets nothing, not even from users that stick to it. */
  maintenance: boolean;
  /** So by command or config itself, and not because something else is out or a name doesn't resolve. */
  disabled: boolean;
  /** Gets nothing new but from users that stick to it. */
  draining: boolean;
}

/** What HAProxy counted, one row per frontend, backend and server. */
export type StatRow = Record<string, string>;

/** Bits of `srv_admin_state`; management guide, "show servers state". */
const ANY_MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20;
const OWN_MAINTENANCE = 0x01 | 0x04;
const ANY_DRAIN = 0x08 | 0x10;

/** The servers of all backends, as the worker has them now. */
export async function liveServers(socket: string, signal: AbortSignal): Promise<LiveServer[]> {
  const [, head = '', ...lines] = (await ask(socket, 'show servers state', signal)).split('\n');
  const names = head.replace(/^#\s*/, '').split(' ');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const row = rowOf(names, line.split(' '));
      const admin = Number(row.srv_admin_state);
      return {
        backend: row.be_name ?? '',
        name: row.srv_name ?? '',
        weight: Number(row.srv_uweight),
        maintenance: (admin & ANY_MAINTENANCE) !== 0,
        disabled: (admin & OWN_MAINTENANCE) !== 0,
        draining: (admin & ANY_DRAIN) !== 0,
      };
    });
}

/** Rows of `show stat`; `prefix` (`@!PID `) asks one worker of a master. */
export async function stats(socket: string, signal: AbortSignal, prefix = ''): Promise<StatRow[]> {
  const [head = '', ...lines] = (await ask(socket, `${prefix}show stat`, signal)).split('\n');
  if (!head.startsWith('#')) return [];
  const names = head.replace(/^#\s*/, '').split(',');
  return lines.filter((line) => line.trim() !== '').map((line) => rowOf(names, line.split(',')));
}

/** `show info` by name. */
export async function info(socket: string, signal: AbortSignal): Promise<Record<string, string>> {
  const lines = (await ask(socket, 'show info', signal)).split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** The workers of a master: the current one is the last that was started, the others end when their sessions have. */
export async function workers(
  master: string,
  signal: AbortSignal,
): Promise<{ old: number[]; failedReloads: number; master: number }> {
  const answer = await ask(master, 'show proc', signal);
  const section = answer.slice(answer.indexOf('# old workers'));
  const old = answer.includes('# old workers') ? [...section.matchAll(/^(\d+)\s+worker/gm)] : [];
  return {
    old: old.map(([, pid]) => Number(pid)),
    failedReloads: Number(/\[failed: (\d+)\]/.exec(answer)?.[1] ?? 0),
    master: Number(/^(\d+)\s+master/m.exec(answer)?.[1] ?? 0),
  };
}

function rowOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}
