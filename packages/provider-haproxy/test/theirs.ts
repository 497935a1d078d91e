import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@slipway/provider-testkit';
import { onTestFinished } from 'vitest';
import { info } from '../src/runtime/tables.ts';

export interface Theirs {
  socket: string;
  /** Ends with SIGKILL and starts again. */
  restart(): Promise<void>;
  /** As a service manager does it: a new worker from the config, the old one ends when its sessions have. */
  reload(): Promise<void>;
}

interface TheirConfig {
  level?: 'admin' | 'operator' | 'user';
  /** Lines of the backend `be_shop`. */
  backend?: readonly string[];
}

/** A HAProxy with a config of somebody else's. */
export async function startTheirs(
  port: number,
  { level = 'admin', backend = ['balance roundrobin'] }: TheirConfig = {},
): Promise<Theirs> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-theirs-'));
  const socket = join(folder, 'admin.sock');
  const file = join(folder, 'haproxy.cfg');
  const text = `global
  stats socket ${socket} level ${level}
resolvers none
  nameserver nobody 127.0.0.1:9
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend www
  bind 127.0.0.1:${port}
  default_backend be_shop
backend be_shop
${backend.map((line) => `  ${line}`).join('\n')}
`;
  await writeFile(file, text);
  const workerNow = () =>
    info(socket, AbortSignal.timeout(5_000)).then(
      ({ Pid }) => Pid,
      () => undefined,
    );
  const untilOther = async (before: string | undefined) =>
    await waitUntil('HAProxy', async () => {
      const now = await workerNow();
      return now !== undefined && now !== before;
    });
  const start = async (): Promise<ChildProcess> => {
    const before = await workerNow();
    const child = spawn('haproxy', ['-W', '-f', file], { stdio: 'ignore' });
    await untilOther(before);
    return child;
  };
  let running = await start();
  const end = async () => {
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  onTestFinished(async () => {
    await end();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    socket,
    restart: async () => {
      await end();
      running = await start();
    },
    reload: async () => {
      const before = await workerNow();
      running.kill('SIGUSR2');
      await untilOther(before);
    },
  };
}
