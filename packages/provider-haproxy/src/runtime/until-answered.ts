import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthCheck, TrafficRequest } from '@slipway/core/provider';
import { backendsOf, ownerOf, type Server } from '../config/declared.ts';
import { checkEveryMs } from '../config/render.ts';
import { instanceDown } from '../errors.ts';
import { isAnswered } from '../port.ts';

/** How many looks in a row an instance may fail. */
const LOOKS = 4;

/**
 * Looks at each instance as HAProxy will, before HAProxy does: it takes a server that is in the config when it starts
 * for up until its first check. Throws `haproxy-instance-down`.
 */
export async function untilAnswered(request: TrafficRequest, signal: AbortSignal): Promise<void> {
  const servers = backendsOf(request).flatMap((backend) => backend.servers);
  const once = new Map(servers.map((server) => [server.name, server]));
  await Promise.all([...once.values()].map((server) => untilUp(server, request.health, signal)));
}

async function untilUp(server: Server, health: HealthCheck, signal: AbortSignal): Promise<void> {
  for (let look = 1; ; look++) {
    const said = await failureOf(server, health, signal);
    if (said === undefined) return;
    if (look === LOOKS) {
      const { revision, slot } = ownerOf(server.name) ?? {};
      throw instanceDown({ revision, slot }, said);
    }
    await sleep(checkEveryMs(health), undefined, { signal });
  }
}

async function failureOf(
  { host, port }: Server,
  health: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (health.http !== undefined) return await httpFailure({ host, port, path: health.http }, health, signal);
  const there = await isAnswered(host, port, signal);
  return there ? undefined : `nobody answers at ${host}:${port}`;
}

function httpFailure(
  { host, port, path }: { host: string; port: number; path: string },
  { timeoutMs }: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return new Promise((resolve, reject) => {
    const asked = get({ host, port, path, headers: { host: 'localhost' }, agent: false, signal: limit });
    asked.on('response', ({ statusCode = 0 }) => {
      asked.destroy();
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `${path} answers with ${statusCode}`);
    });
    asked.on('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else resolve(limit.aborted ? `${path} did not answer within ${timeoutMs} ms` : error.message);
    });
  });
}
