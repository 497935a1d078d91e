import { connect } from 'node:net';
import type { Endpoint } from '@slipway/core/provider';

/** Undefined: it answered with success or a redirect. Rejects when nobody answers or the signal is aborted. */
export async function checkHttp(
  { host, port }: Endpoint,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { request } = await import('node:http');
  const url = new URL(path, `http://${host}:${port}`);
  return await new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0;
      response.once('error', reject);
      response.once('end', () =>
        resolve(status >= 200 && status < 400 ? undefined : `${url.pathname} answered ${status}`),
      );
      response.resume();
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Resolves when somebody takes a connection. */
export function checkTcp({ host, port }: Endpoint, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
