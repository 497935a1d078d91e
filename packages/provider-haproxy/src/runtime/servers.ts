import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError, type TrafficRequest } from '@slipway/core/provider';
import { type Backend, ownerOf, type Server } from '../config/declared.ts';
import { cookieKey, serverLine } from '../config/render.ts';
import { ask, tell } from './ask.ts';
import { type LiveServer, liveServers, type StatRow, stats } from './tables.ts';

/** A running HAProxy and what it is to do with a service. */
export interface Task {
  socket: string;
  request: TrafficRequest;
  backends: readonly Backend[];
  signal: AbortSignal;
}

/** Beyond its check's own time: how long a new server may take to be seen up. */
const UP_WITHIN_MS = 10_000;

/**
 * Adds the servers that are missing, without weight, and waits until HAProxy's own check found each of them up. When
 * one isn't, they are taken out again and `haproxy-instance-down` is thrown: nothing changed for users.
 */
export async function admit({ socket, request, backends, signal }: Task): Promise<void> {
  const live = await liveByPath(socket, signal);
  const joining = pathsOf(backends).filter(({ path }) => live.get(path)?.maintenance !== false);
  const commands = joining.flatMap(({ path, backend, server }) => [
    ...(live.has(path) ? [] : [`add server ${backend}/${serverLine({ ...server, weight: 0 }, request)}`]),
    `set server ${path} weight 0`,
    `enable health ${path}`,
    `set server ${path} state ready`,
  ]);
  await tell(socket, [...commands, ...affinityCommands(joining, request)], signal);
  try {
    await untilUp(
      socket,
      joining.map(({ path }) => path),
      { signal, withinMs: UP_WITHIN_MS + request.health.timeoutMs },
    );
  } catch (error) {
    const back = joining.map(({ path }) => `set server ${path} state maint`);
    await tell(socket, back, AbortSignal.timeout(2_000)).catch(() => {}); // What it failed for is told instead.
    throw error;
  }
}

/**
 * Gives every server its weight and takes those out that are wanted no more: all in one line, what gets more first.
 * Sessions that are open end where they began; users who stuck to a server that is out are led to another.
 */
export async function shift({ socket, backends, signal }: Task): Promise<void> {
  const wanted = new Set(pathsOf(backends).map(({ path }) => path));
  const names = new Set(backends.map(({ name }) => name));
  const leaving = (await liveServers(socket, signal)).filter(
    ({ backend, name, maintenance }) =>
      names.has(backend) && !wanted.has(`${backend}/${name}`) && ownerOf(name) && !maintenance,
  );
  const weights = pathsOf(backends).map(({ path, server }) => ({ path, weight: server.weight }));
  weights.sort((one, other) => other.weight - one.weight);
  await tell(
    socket,
    [
      ...weights.map(({ path, weight }) => `set server ${path} weight ${weight}`),
      ...leaving.map(({ backend, name }) => `set server ${backend}/${name} state maint`),
    ],
    signal,
  );
}

/** Servers that are out and have no session any more. */
export async function idleLeavers({ socket, backends, signal }: Task): Promise<StatRow[]> {
  const wanted = new Set(pathsOf(backends).map(({ path }) => path));
  const names = new Set(backends.map(({ name }) => name));
  return (await stats(socket, signal)).filter(
    ({ pxname = '', svname = '', status = '', scur }) =>
      names.has(pxname) &&
      ownerOf(svname) &&
      !wanted.has(`${pxname}/${svname}`) &&
      status.startsWith('MAINT') &&
      scur === '0',
  );
}

/** Removes what {@link idleLeavers} found. One that HAProxy still holds a connection to stays, for the next time. */
export async function forget(socket: string, rows: readonly StatRow[], signal: AbortSignal): Promise<void> {
  for (const { pxname, svname } of rows) await ask(socket, `del server ${pxname}/${svname}`, signal);
}

async function untilUp(
  socket: string,
  paths: readonly string[],
  { signal, withinMs }: { signal: AbortSignal; withinMs: number },
): Promise<void> {
  const deadline = Date.now() + withinMs;
  const waiting = new Set(paths);
  for (let pause = 5; waiting.size > 0; pause = Math.min(pause * 2, 100)) {
    const rows = await stats(socket, signal);
    for (const row of rows) if (isUp(row)) waiting.delete(`${row.pxname}/${row.svname}`);
    const [down] = waiting;
    if (down === undefined) return;
    if (Date.now() > deadline) {
      const row = rows.find(({ pxname, svname }) => `${pxname}/${svname}` === down);
      throw instanceDown(down, [row?.status, row?.check_status, row?.last_chk].filter(Boolean).join(', '));
    }
    await sleep(pause, undefined, { signal });
  }
}

const isUp = ({ status = '', check_status = '' }: StatRow) =>
  /^(UP|DRAIN|no check)/.test(status) && /^(L[467]OKC?)?$/.test(check_status.replace('* ', '')) && check_status !== '';

function instanceDown(path: string, said: string): SlipwayError {
  const { revision, slot } = ownerOf(path.slice(path.indexOf('/') + 1)) ?? {};
  return new SlipwayError('haproxy-instance-down', `HAProxy does not reach instance ${slot} of ${revision}: ${said}.`, {
    subject: path,
    hint: 'Traffic is as it was. Look at the logs of the instance, and whether HAProxy may connect to where it listens.',
    retryable: true,
    details: { effect: 'none' },
  });
}

/** HAProxy 2.6 makes no cookie for a server that is added, until the key is set: then it makes all of them. */
function affinityCommands(joining: readonly { backend: string }[], { affinity, service }: TrafficRequest): string[] {
  if (!affinity) return [];
  const backends = [...new Set(joining.map(({ backend }) => backend))];
  return backends.flatMap((backend) => [
    `enable dynamic-cookie backend ${backend}`,
    `set dynamic-cookie-key backend ${backend} ${cookieKey(service)}`,
  ]);
}

async function liveByPath(socket: string, signal: AbortSignal): Promise<Map<string, LiveServer>> {
  return new Map((await liveServers(socket, signal)).map((server) => [`${server.backend}/${server.name}`, server]));
}

function pathsOf(backends: readonly Backend[]): { path: string; backend: string; server: Server }[] {
  return backends.flatMap(({ name, servers }) =>
    servers.map((server) => ({ path: `${name}/${server.name}`, backend: name, server })),
  );
}
