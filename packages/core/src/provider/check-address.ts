import { connect } from 'node:net';
import type { HealthCheck } from '../config/project.ts';

/**
 * One look at an instance past any router, as its health check asks: by HTTP, where status 200 to 399 is healthy, else by
 * a connection. Undefined: it passed; a text: what it answered instead. `url`: where the instance is. Rejects with the
 * network's error when nobody answers, and when the signal is aborted, which alone bounds it. Safe to repeat.
 */
export async function checkAddress(
  url: string,
  health: Pick<HealthCheck, 'http'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (health.http === undefined) return await checkTcp(new URL(url), signal);
  return await checkHttp(new URL(health.http, url), signal);
}

async function checkHttp(url: URL, signal: AbortSignal): Promise<string | undefined> {
  const { request } = await import('node:http');
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

function checkTcp(url: URL, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    // A URL writes an IPv6 address in brackets.
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port), signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
