import { isUnreachable } from '../errors.ts';
import type { Fleet, Host } from '../options.ts';
import { HostConnection } from './host-connection.ts';

/** One connection for each host and way to log in; one that was lost is opened anew by the next call. */
const connections = new Map<string, Promise<HostConnection>>();
/** Hosts that could not be reached when that was last tried: why, and when. */
const away = new Map<string, { error: unknown; at: number }>();
/** That a host was away says nothing any more after so long. */
const AWAY_MS = 60_000;

/** The connection to a host, opened when there is none. Rejects as connecting does, and with the signal's reason. */
export async function connectionTo(host: Host, fleet: Fleet, signal: AbortSignal): Promise<HostConnection> {
  signal.throwIfAborted();
  const key = keyOf(host, fleet);
  let opening = connections.get(key);
  if (!opening) {
    opening = open(key, host, fleet);
    connections.set(key, opening);
  }
  return await orAborted(opening, signal);
}

/**
 * Waits until a host can be asked, as long as connecting may take. One that was away a moment ago is waited for
 * `patienceMs` only, and is away still, while connecting goes on: who looks again and again doesn't wait that long each
 * time. Rejects as {@link connectionTo} does.
 */
export async function reach(
  host: Host,
  { fleet, patienceMs, signal }: { fleet: Fleet; patienceMs: number; signal: AbortSignal },
): Promise<void> {
  const before = away.get(keyOf(host, fleet));
  const opening = connectionTo(host, fleet, signal);
  if (!before || Date.now() - before.at > AWAY_MS) {
    await opening;
    return;
  }
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(before.error), patienceMs);
  try {
    await Promise.race([opening, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function keyOf(host: Host, { login, knownHosts }: Fleet): string {
  return JSON.stringify([host.address, host.port, host.user, host.hostKey, login, knownHosts]);
}

async function open(key: string, host: Host, fleet: Fleet): Promise<HostConnection> {
  const forget = () => connections.delete(key);
  try {
    const connection = await HostConnection.open(host, fleet, forget);
    away.delete(key);
    return connection;
  } catch (error) {
    forget();
    if (isUnreachable(error)) away.set(key, { error, at: Date.now() });
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
