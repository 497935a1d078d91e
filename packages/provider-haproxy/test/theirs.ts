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
  reload(changed?: TheirConfig): Promise<void>;
}

interface TheirConfig {
  level?: 'admin' | 'operator' | 'user';
  /** Of the backend to which everybody is led. Default: `be_shop`. */
  name?: string;
  /** Lines of that backend. */
  backend?: readonly string[];
}

/** A HAProxy with a config of somebody else's. */
export async function startTheirs(port: number, config: TheirConfig = {}): Promise<Theirs> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-theirs-'));
  const socket = join(folder, 'admin.sock');
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, textOf({ port, socket }, config));
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
    reload: async (changed) => {
      const before = await workerNow();
      if (changed) await writeFile(file, textOf({ port, socket }, changed));
      running.kill('SIGUSR2');
      await untilOther(before);
    },
  };
}

function textOf(
  { port, socket }: { port: number; socket: string },
  { level = 'admin', name = 'be_shop', backend = ['balance roundrobin'] }: TheirConfig,
): string {
  return `global
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
  default_backend ${name}
backend ${name}
${backend.map((line) => `  ${line}`).join('\n')}
`;
}
