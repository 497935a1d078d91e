import { connect } from 'node:net';
import { portTaken } from './errors.ts';
import { holderOf } from './port-holder.ts';

const ANSWER_WITHIN_MS = 1_000;

/** An address that stands for all of the machine's is asked at its own. */
const asked = (host: string) => (host === '*' || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);

/** Whether somebody takes connections there. Only connects: listening, even for a moment, could take it from others. */
export function isAnswered(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: asked(host), timeout: ANSWER_WITHIN_MS });
    const end = (answer: boolean) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(answer);
    };
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    // A connection from a port to itself: the system happened to pick it for this side, so nobody listens there.
    socket.once('connect', () => end(socket.localPort !== port));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** On which of the addresses somebody takes connections on the port; undefined: on none. */
export async function takenAt(
  hosts: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answers = await Promise.all(hosts.map((host) => isAnswered(host, port, signal)));
  return hosts.find((_, at) => answers[at]);
}

/** Throws `haproxy-port-taken` when somebody listens on one of the ports. */
export async function refuseTaken(
  hosts: readonly string[],
  ports: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (const port of ports) {
    const host = await takenAt(hosts, port, signal);
    if (host !== undefined) throw portTaken(`${host}:${port}`, holderOf(host, port));
  }
}
