import { connect } from 'node:net';
import { type CallContext, findListener, type PortState } from '@slipway/core/provider';
import { askAgent } from '../agent/client.ts';

/** Where the router listens. */
const HOST = '127.0.0.1';
/** Nobody answers on a port of this machine for longer: what is that slow to accept is left to the router to find. */
const ANSWER_WITHIN_MS = 1_000;

/**
 * Looks who has a port. It is asked by connecting: listening there, even for a moment, could take it away from the
 * router of a deployment that runs at the same time. Of the router, routes of this environment count as its own.
 */
export async function checkPort(context: CallContext, { port }: { port: number }): Promise<PortState> {
  if (!(await isAnswered(port, context.signal))) return { kind: 'free' };
  const holder = (await askAgent(context, 'port-holder', { port })) ?? { kind: 'other' };
  if (holder.kind === 'route') {
    const { environment, service } = holder;
    if (environment === context.environment) return { kind: 'own' };
    return { kind: 'taken', holder: `${service} of the environment ${environment} of this project` };
  }
  if (holder.kind === 'revision') {
    const { environment, service, revision } = holder;
    return { kind: 'taken', holder: `${revision}, a revision of ${service} (${environment}) of this project` };
  }
  const listener = findListener(port);
  return listener === undefined ? { kind: 'taken' } : { kind: 'taken', holder: listener.description };
}

function isAnswered(port: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST, timeout: ANSWER_WITHIN_MS });
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
