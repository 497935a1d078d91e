import type { CallContext, JsonObject, RunningRevision } from '@slipway/core/provider';
import { callHost } from '../connection/call-host.ts';
import type { Fleet, Host } from '../options.ts';
import { eachHost, type FromHost } from './each-host.ts';

/** One release on one host, as its script tells. */
export interface Instance {
  service: string;
  revision: string;
  state: RunningRevision['state'];
  port: number;
  pid: number;
  restarts: number;
  startedAt: string | null;
  /** How its process ended last; empty before it did. */
  lastExit: string;
  /** The address that it was given to listen on; empty where that can't be read. */
  listensOn: string;
  /** What `stage` was told to keep; undefined where that can't be read. */
  record: JsonObject | undefined;
}

/** What there is on the hosts, of one service or of all; see {@link eachHost} for hosts that can't be reached. */
export async function lookAtHosts(
  context: CallContext,
  { fleet, leaveOut, service }: { fleet: Fleet; leaveOut?: boolean; service?: string },
): Promise<FromHost<Instance[]>[]> {
  const over = { fleet, hosts: fleet.hosts, leaveOut: leaveOut === true };
  const { reached } = await eachHost(context, over, (host) => lookAtHost(context, { fleet, host }, service));
  return reached;
}

/** What there is on one host. */
export async function lookAtHost(
  context: CallContext,
  on: { fleet: Fleet; host: Host },
  service?: string,
): Promise<Instance[]> {
  const { stdout } = await callHost(context, on, 'list', service === undefined ? [] : [service]);
  const found: Instance[] = [];
  for (const line of stdout.split('\n')) {
    const [, kind, rest = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    const newest = found.at(-1);
    if (kind === 'release') found.push(instanceOf(rest.split(' ')));
    else if (kind === 'why' && newest) newest.lastExit = rest;
    else if (kind === 'listens' && newest) newest.listensOn = rest;
    else if (kind === 'record' && newest) newest.record = recordIn(rest);
  }
  return found;
}

function instanceOf(words: readonly string[]): Instance {
  const [service = '', revision = '', state, port, pid, restarts, started = '-'] = words;
  return {
    service,
    revision,
    state: state as Instance['state'],
    port: Number(port),
    pid: Number(pid),
    restarts: Number(restarts),
    startedAt: started === '-' ? null : started,
    lastExit: '',
    listensOn: '',
    record: undefined,
  };
}

function recordIn(text: string): JsonObject | undefined {
  try {
    return (JSON.parse(text) as { record?: JsonObject } | null)?.record;
  } catch {
    return undefined; // Somebody wrote over it: what runs is known all the same.
  }
}
