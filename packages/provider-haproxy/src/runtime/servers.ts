import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficRequest } from '@slipway/core/provider';
import { type Backend, ownerOf, type Server } from '../config/declared.ts';
import { checkEveryMs, cookieKey, serverLine } from '../config/render.ts';
import { instanceDown } from '../errors.ts';
import { ask, tell } from './ask.ts';
import { type LiveServer, liveServers, type StatRow, stats } from './tables.ts';

/** A running HAProxy and what it is to do with a service. */
export interface Task {
  socket: string;
  request: TrafficRequest;
  backends: readonly Backend[];
  /** Servers of these backends that are somebody else's, by name: left as they are. */
  spared?: ReadonlySet<string>;
  signal: AbortSignal;
}

/** How long a new server may take until HAProxy's check said anything of it. */
const SAID_WITHIN_MS = 10_000;
/** So many checks in a row may find it down. */
const FAILED_CHECKS = 4;
/** Putting back what was goes on after an abort, and is bounded itself. */
const PUT_BACK_WITHIN_MS = 2_000;

/**
 * Adds the servers that are missing, without weight, and waits until HAProxy's own check found each of them up. When
 * one isn't, or the wait is aborted, they are taken out again: nothing changed for users. Throws
 * `haproxy-instance-down`.
 */
export async function admit({ socket, request, backends, signal }: Task): Promise<void> {
  const live = await liveByPath(socket, signal);
  const all = pathsOf(backends);
  const joining = all.filter(({ path }) => live.get(path)?.maintenance !== false);
  // A command that was killed half-way left servers without weight, of which nobody knows whether they answer.
  const left = all.filter(({ path, server }) => {
    const there = live.get(path);
    return there?.maintenance === false && there.weight === 0 && server.weight > 0;
  });
  const commands = joining.flatMap(({ path, backend, server }) => [
    ...(live.has(path) ? [] : [`add server ${backend}/${serverLine({ ...server, weight: 0 }, request)}`]),
    `set server ${path} weight 0`,
    `enable health ${path}`,
    `set server ${path} state ready`,
  ]);
  const paths = [...joining, ...left].map(({ path }) => path);
  try {
    await tell(socket, [...commands, ...affinityCommands(joining, request)], signal);
    await untilUp(socket, paths, { signal, failedForMs: FAILED_CHECKS * checkEveryMs(request.health), request });
  } catch (error) {
    await takeOut(socket, joining, live);
    throw error;
  }
}

/** Of servers that were to join. What it failed for is told, and not what fails here. */
async function takeOut(
  socket: string,
  joining: readonly { path: string }[],
  live: ReadonlyMap<string, LiveServer>,
): Promise<void> {
  const signal = AbortSignal.timeout(PUT_BACK_WITHIN_MS);
  const gone = joining.filter(({ path }) => !live.has(path)).map(({ path }) => `del server ${path}`);
  await tell(
    socket,
    joining.map(({ path }) => `set server ${path} state maint`),
    signal,
  ).catch(() => {});
  await tell(socket, gone, signal).catch(() => {});
}

/**
 * Gives every server its weight and takes those out that are wanted no more: all in one line, what gets more first.
 * Sessions that are open end where they began; users who stuck to a server that is out are led to another.
 */
export async function shift({ socket, backends, spared, signal }: Task): Promise<void> {
  const wanted = new Set(pathsOf(backends).map(({ path }) => path));
  const names = new Set(backends.map(({ name }) => name));
  const live = await liveServers(socket, signal);
  const out = new Set(live.filter(({ maintenance }) => maintenance).map(({ backend, name }) => `${backend}/${name}`));
  const leaving = live.filter(
    ({ backend, name, maintenance }) =>
      names.has(backend) && !wanted.has(`${backend}/${name}`) && ownerOf(name) && !spared?.has(name) && !maintenance,
  );
  const weights = pathsOf(backends).map(({ path, server }) => ({ path, weight: server.weight }));
  weights.sort((one, other) => other.weight - one.weight);
  const back = weights.filter(({ path }) => out.has(path));
  await tell(
    socket,
    [
      // Of servers that went out for what then failed.
      ...back.map(({ path }) => `set server ${path} state ready`),
      ...weights.map(({ path, weight }) => `set server ${path} weight ${weight}`),
      ...leaving.map(({ backend, name }) => `set server ${backend}/${name} state maint`),
    ],
    signal,
  );
}

/** Servers that are out and have no session any more. */
export async function idleLeavers({ socket, backends, spared, signal }: Task): Promise<StatRow[]> {
  const wanted = new Set(pathsOf(backends).map(({ path }) => path));
  const names = new Set(backends.map(({ name }) => name));
  return (await stats(socket, signal)).filter(
    ({ pxname = '', svname = '', status = '', scur }) =>
      names.has(pxname) &&
      ownerOf(svname) &&
      !spared?.has(svname) &&
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
  { signal, failedForMs, request }: { signal: AbortSignal; failedForMs: number; request: TrafficRequest },
): Promise<void> {
  const began = Date.now();
  const waiting = new Set(paths);
  for (let pause = 5; waiting.size > 0; pause = Math.min(pause * 2, 100)) {
    const rows = await stats(socket, signal);
    for (const row of rows) if (isUp(row)) waiting.delete(pathOf(row));
    for (const row of rows.filter((one) => waiting.has(pathOf(one)))) {
      const patience = hasFailed(row) ? failedForMs : SAID_WITHIN_MS;
      if (Date.now() - began <= patience + request.health.timeoutMs) continue;
      const said = [row.status, row.check_status, row.last_chk].filter(Boolean).join(', ');
      throw instanceDown({ revision: undefined, slot: undefined, ...ownerOf(row.svname ?? '') }, said);
    }
    if (waiting.size > 0) await sleep(pause, undefined, { signal });
  }
}

const pathOf = ({ pxname, svname }: StatRow) => `${pxname}/${svname}`;

/** `L7OK`; `* L4TOUT` while the next check is under way; `INI` before the first. */
const checkOf = ({ check_status = '' }: StatRow) => check_status.replace('* ', '');

const isUp = (row: StatRow) => /^(UP|DRAIN|no check)/.test(row.status ?? '') && /^L[467]OKC?$/.test(checkOf(row));

const hasFailed = (row: StatRow) => /^(L[467]|SOCK|HANA|PROC)/.test(checkOf(row)) && !/^L[467]OKC?$/.test(checkOf(row));

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
