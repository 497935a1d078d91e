import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentStatus, stopAgent } from '../../src/agent/agent-control.ts';
import { ensureAgent } from '../../src/agent/ensure-agent.ts';
import { localPlatform } from '../../src/platform/local-platform.ts';
import { until } from '../until.ts';
import { get, isRunning, Playground } from './playground.ts';

let ground: Playground;
beforeEach(() => {
  ground = new Playground();
});
afterEach(() => ground.close());

const signal = AbortSignal.timeout(60_000);

describe('starting', () => {
  it('several commands at once get one agent, again after it was killed', async () => {
    const module = new URL('../../src/agent/ensure-agent.ts', import.meta.url).href;
    const script = `import { ensureAgent } from ${JSON.stringify(module)};
      console.log((await ensureAgent(${JSON.stringify(ground.state)}, AbortSignal.timeout(20_000))).pid)`;
    const start = async () => {
      const run = ['-C', 'slipway-source', '--input-type=module-typescript', '-e', script];
      return (await promisify(execFile)(process.execPath, run)).stdout.trim();
    };
    for (let round = 0; round < 2; round++) {
      const pids = new Set(await Promise.all([start(), start(), start(), start()]));
      await until(() => ground.agents().length === 1);
      expect([...pids]).toEqual(ground.agents().map(String));
      for (const pid of ground.agents()) process.kill(pid, 'SIGKILL');
    }
  });

  it('listens where this user alone can connect', async () => {
    const { socket } = await ensureAgent(ground.state, signal);
    expect(socket).toBe(join(ground.state, 'agent.sock'));
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(ground.state, 'agent')).mode & 0o777).toBe(0o700);
  });

  it('works from a folder whose path is too long for a socket', async () => {
    const deep = join(ground.directory, 'a-folder-with-a-long-name'.repeat(4));
    mkdirSync(deep);
    const far = new Playground(deep);
    const preview = await far.serve(far.request('r1'));
    expect(await get(preview)).toMatch(/^r1 /);
    const { socket } = await ensureAgent(far.state, signal);
    expect(socket.startsWith(far.state)).toBe(false);
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
    await far.close();
    expect(existsSync(socket)).toBe(false);
  });

  it('says why it can not, with the end of its log', async () => {
    mkdirSync(join(ground.state, 'agent'));
    writeFileSync(join(ground.state, 'key'), 'too short');
    await expect(ensureAgent(ground.state, signal)).rejects.toMatchObject({
      code: 'agent-unavailable',
      hint: expect.stringContaining('has 9 bytes instead of 32'),
    });
    rmSync(join(ground.state, 'key'));
    rmSync(join(ground.state, 'agent'), { recursive: true });
  });

  it('is refused by an agent of another version, which can still be stopped', async () => {
    const { socket } = await ensureAgent(ground.state, signal);
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { 'slipway-agent-protocol': '999' };
        const sent = request({ socketPath: socket, path, method: 'POST', headers }, (response) => {
          response.setEncoding('utf8').once('data', resolve);
        });
        sent.once('error', reject).end('{"environment":"dev"}');
      });
    expect(JSON.parse(await ask('/list')).error).toMatchObject({ code: 'agent-version' });
    expect(JSON.parse(await ask('/hello'))).toMatchObject({ protocol: 3 });
    const pid = await ground.agentPid();
    await ask('/stop');
    await until(() => !isRunning(pid));
  });
});

describe('ending', () => {
  it('stop ends every service; the next deployment brings them back, a look does not', async () => {
    const request = ground.request('r1');
    await ground.serve(request);
    await ground.serve(ground.request('r2'));
    expect(await stopAgent(ground.state)).toEqual({ kind: 'stopped', revisions: 2 });
    expect(await ground.processes()).toEqual([]);
    expect(ground.agents()).toEqual([]);
    expect(await stopAgent(ground.state)).toEqual({ kind: 'not-running' });
    expect(await localPlatform.list(ground.context())).toEqual([]);
    expect(await agentStatus(ground.state)).toEqual({ kind: 'at-rest' });
    await ground.serve(request);
    await ground.untilHealthy('r2');
    expect(await ground.processes()).toHaveLength(2);
  });

  it('stop also ends services whose agent died', async () => {
    await ground.serve(ground.request('r1'));
    process.kill(await ground.agentPid(), 'SIGKILL');
    await until(async () => (await agentStatus(ground.state)).kind === 'down');
    expect(await stopAgent(ground.state)).toEqual({ kind: 'stopped', revisions: 1 });
    expect(await ground.processes()).toEqual([]);
  });

  it('happens by itself when there was nothing to host for a while', async () => {
    const main = fileURLToPath(new URL('../../src/agent/main.ts', import.meta.url));
    const run = ['-C', 'slipway-source', main, '--state', ground.state, '--idle-ms', '2000'];
    const agent = spawn(process.execPath, run, { stdio: 'ignore' });
    await until(async () => (await agentStatus(ground.state)).kind === 'running');
    await ground.serve(ground.request('r1'));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(agent.exitCode).toBe(null);
    await localPlatform.retire(ground.context(), { service: 'web', revision: 'r1' });
    await until(() => agent.exitCode === 0);
    expect(readdirSync(ground.state)).not.toContain('agent.sock');
    expect(readFileSync(join(ground.state, 'agent', 'at-rest'), 'utf8')).toBe('');
  });
});
