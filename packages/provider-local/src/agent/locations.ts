import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Which revision of which service of which environment. */
export interface RevisionName {
  environment: string;
  service: string;
  revision: string;
}

/** macOS allows 104 bytes for a socket's path, Linux 108, each with a zero at the end. */
const SOCKET_PATH_LIMIT = 103;

/** What the agent keeps of its own. */
export const agentDirectory = (state: string) => join(state, 'agent');
export const storeFile = (state: string) => join(agentDirectory(state), 'agent.db');
export const agentLogFile = (state: string) => join(agentDirectory(state), 'agent.log');
/** Says where a running agent listens. */
export const addressFile = (state: string) => join(agentDirectory(state), 'address.json');
/** Which process watches over the agent. */
export const watcherFile = (state: string) => join(agentDirectory(state), 'watcher.json');

/** There while no agent is needed: the last one ended with nothing running. */
export const atRestFile = (state: string) => join(agentDirectory(state), 'at-rest');

/** A revision's own copy of its artifact, in which it runs. */
export const workingCopy = (state: string, name: RevisionName) =>
  join(state, 'run', name.environment, name.service, name.revision);
/** What a service keeps from one revision to the next. */
export const dataDirectory = (state: string, name: { environment: string; service: string }) =>
  join(state, 'data', name.environment, name.service);
export const logDirectory = (state: string, name: { environment: string; service: string }) =>
  join(state, 'logs', name.environment, name.service);

/**
 * Where the agent of a state directory listens: in it, or, when that path is too long for a socket,
 * in a private folder of the system's temporary one (`folder`, to be made with mode 0700).
 */
export function socketPlace(state: string): { path: string; folder?: string } {
  const real = realpathSync(state);
  const inside = join(real, 'agent.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_LIMIT) return { path: inside };
  const folder = join(tmpdir(), `slipway-${userInfo().uid}`);
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24);
  return { path: join(folder, `${name}.sock`), folder };
}
