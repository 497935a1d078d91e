import { connect } from 'node:net';
import { SlipwayError } from '@slipway/core/provider';

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

/** Whether somebody takes connections on the port, on any of the addresses. */
export async function isTaken(hosts: readonly string[], port: number, signal: AbortSignal): Promise<boolean> {
  const answers = await Promise.all(hosts.map((host) => isAnswered(host, port, signal)));
  return answers.includes(true);
}

/** Throws `haproxy-port-taken` when somebody listens on one of the ports. */
export async function refuseTaken(
  hosts: readonly string[],
  ports: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (const [host, port] of ports.flatMap((one) => hosts.map((bound) => [bound, one] as const))) {
    if (!(await isAnswered(host, port, signal))) continue;
    throw new SlipwayError('haproxy-port-taken', `Somebody else listens on ${host}:${port}.`, {
      subject: `${host}:${port}`,
      hint: 'End who has the port, or give the service another one. Traffic is as it was.',
      details: { effect: 'none' },
    });
  }
}
