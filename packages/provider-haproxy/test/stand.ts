import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CallContext, Endpoint, TrafficRequest } from '@slipway/core/provider';
import { freePort, openTestPlace, waitUntil } from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';
import { haproxyRouter } from '../src/haproxy-router.ts';
import { type HaproxyProcesses, processesIn } from './processes.ts';

/** A project whose HAProxy, if one was started, is gone when the test is. */
export async function openStand(router: CallContext['platform'] = { use: 'haproxy' }): Promise<CallContext> {
  const place = await openTestPlace();
  const context: CallContext = { ...place.context, router, signal: AbortSignal.timeout(60_000) };
  onTestFinished(async () => {
    await endAll(folderOf(context));
    await place.close();
  });
  return context;
}

/** A real server that answers with its name. */
export async function startInstance(
  name: string,
  answer: RequestListener = (_, response) => response.end(name),
): Promise<Endpoint> {
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { slot: 0, host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

export async function requestFor(
  backends: TrafficRequest['backends'],
  weights: TrafficRequest['weights'],
): Promise<TrafficRequest> {
  const health = {
    tcp: true,
    intervalMs: 500,
    timeoutMs: 1_000,
    healthyAfter: 1,
    unhealthyAfter: 3,
    deadlineMs: 5_000,
  };
  return { service: 'shop', port: await freePort(), backends, weights, routes: [], health };
}

/** How often each answer came; anything but 200 counts as `failed`. */
export async function ask(port: number, times: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let time = 0; time < times; time++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).then(
      async (response) => (response.ok ? await response.text() : 'failed'),
      () => 'failed',
    );
    seen[answer] = (seen[answer] ?? 0) + 1;
  }
  return seen;
}

/** Loads until told to stop; says what came. */
export function load(port: number): () => Promise<Record<string, number>> {
  let goesOn = true;
  const seen: Record<string, number> = {};
  const one = async () => {
    while (goesOn)
      for (const [name, count] of Object.entries(await ask(port, 5))) seen[name] = (seen[name] ?? 0) + count;
  };
  const all = Promise.all([one(), one(), one(), one()]);
  return async () => {
    goesOn = false;
    await all;
    return seen;
  };
}

export const folderOf = ({ stateDirectory, environment }: CallContext) => join(stateDirectory, 'haproxy', environment);

/** A master that is just taking a config hears nothing, and writes sockets. */
export async function endAll(folder: string): Promise<void> {
  await waitUntil(`nothing runs in ${folder}`, async () => {
    const { keepers, masters, workers } = processesIn(folder);
    for (const pid of keepers.length > 0 ? keepers : [...masters, ...workers]) endQuietly(pid);
    return keepers.length + masters.length + workers.length === 0;
  });
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
}

/** What runs of the project's HAProxy. */
export const processesOf = (context: CallContext): HaproxyProcesses => processesIn(folderOf(context));

export { haproxyRouter };
