import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@slipway/provider-testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { isRunning, Playground } from '../agent/playground.ts';
import { until } from '../until.ts';

let ground: Playground;
const strangers: ChildProcess[] = [];
beforeEach(() => {
  ground = new Playground();
});
afterEach(async () => {
  for (const stranger of strangers.splice(0)) {
    stranger.kill('SIGKILL');
    if (stranger.exitCode === null && stranger.signalCode === null) await once(stranger, 'exit');
  }
  await ground.close();
});

const ask = (port: number, environment = 'dev') =>
  localPlatform.checkPort!(ground.context({ environment }), { service: 'web', port });

/** Another program, in a folder of its own, that listens on a port; its arguments hold a secret. */
async function stranger(port: number, host: string): Promise<{ pid: number; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-stranger-'));
  writeFileSync(
    join(folder, 'server.js'),
    `require('node:net').createServer().listen(${port}, ${JSON.stringify(host)}, () => console.log('listens'))`,
  );
  const child = spawn(process.execPath, ['server.js', '--token', 'hush-4711'], { cwd: folder, stdio: 'pipe' });
  strangers.push(child);
  await once(child.stdout, 'data');
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { pid: child.pid as number, folder };
}

describe('who has a port', () => {
  it('is nobody while nothing listens, and no agent is started to say so', async () => {
    expect(await ask(await freePort())).toEqual({ kind: 'free' });
    expect(ground.agents()).toEqual([]);
  });

  it.each(['127.0.0.1', '0.0.0.0'])(
    'is a process that listens on %s, by its program, file, pid and folder',
    async (host) => {
      const port = await freePort();
      const { pid, folder } = await stranger(port, host);
      expect(await ask(port)).toEqual({
        kind: 'taken',
        ...(process.platform === 'linux' ? { holder: `node server.js (process ${pid}, in ${folder})` } : {}),
      });
    },
  );

  it('is the platform itself for a route of this environment, and named for one of another', async () => {
    const preview = await ground.serve(ground.request('r1'));
    const port = await freePort();
    await ground.route(port, { r1: 100 });
    expect(await ask(port)).toEqual({ kind: 'own' });
    expect(await ask(port, 'prod')).toEqual({ kind: 'taken', holder: 'web of the environment dev of this project' });
    expect(await ask(Number(new URL(preview).port))).toEqual({
      kind: 'taken',
      holder: 'r1, a revision of web (dev) of this project',
    });
    await localPlatform.router.remove(ground.context(), 'web');
    expect(await ask(port)).toEqual({ kind: 'free' });
  });

  it('is who listens there, when the route is only to have it', async () => {
    await ground.serve(ground.request('r1'));
    const port = await freePort();
    await ground.route(port, { r1: 100 });
    const agent = await ground.agentPid();
    process.kill(agent, 'SIGKILL');
    await until(() => !isRunning(agent));
    const thief = createServer().listen(port, '127.0.0.1');
    await once(thief, 'listening');
    try {
      expect(await ask(port)).toMatchObject({ kind: 'taken' });
      const [found] = await localPlatform.list(ground.context());
      expect(found).toMatchObject({ revision: 'r1', state: 'running', weight: 0 });
    } finally {
      thief.close();
    }
  });

  it('is found without taking it, even for a moment', async () => {
    const port = await freePort();
    const asking = Array.from({ length: 50 }, () => ask(port));
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    await Promise.all(asking);
    server.close();
  });
});
