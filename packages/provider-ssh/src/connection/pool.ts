import type { Fleet, Host } from '../options.ts';
import { HostConnection } from './host-connection.ts';

/** One connection for each host and way to log in; one that was lost is opened anew by the next call. */
const connections = new Map<string, Promise<HostConnection>>();

/** The connection to a host, opened when there is none. Rejects as connecting does, and with the signal's reason. */
export async function connectionTo(host: Host, fleet: Fleet, signal: AbortSignal): Promise<HostConnection> {
  signal.throwIfAborted();
  const key = JSON.stringify([host.address, host.port, host.user, host.hostKey, fleet.login, fleet.knownHosts]);
  let opening = connections.get(key);
  if (!opening) {
    opening = open(key, host, fleet);
    connections.set(key, opening);
  }
  return await orAborted(opening, signal);
}

async function open(key: string, host: Host, fleet: Fleet): Promise<HostConnection> {
  const forget = () => connections.delete(key);
  try {
    return await HostConnection.open(host, fleet, forget);
  } catch (error) {
    forget();
    throw error;
  }
}

/** Connecting goes on for others that wait for it; it is bounded by itself. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
