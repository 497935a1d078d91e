import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processesMarked } from '@slipway/core/provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LaunchRequest, launchProcess, withoutShell } from '../../src/agent/launch-process.ts';
import { endFamily } from '../../src/agent/process-family.ts';
import { until } from '../until.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-launch-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const request = (command: string): LaunchRequest => ({
  command,
  cwd: directory,
  env: { PATH: process.env.PATH as string },
  marker: directory,
  stdoutFile: join(directory, 'out'),
  stderrFile: join(directory, 'err'),
});

describe('launchProcess', () => {
  it('runs the command after its leader was recorded', async () => {
    let atRecord = '';
    const { leader } = await launchProcess(request('echo ran; exec sleep 1000'), () => {
      atRecord = readFileSync(join(directory, 'out'), 'utf8');
    });
    await until(() => readFileSync(join(directory, 'out'), 'utf8') === 'ran\n');
    expect(atRecord).toBe('');
    expect(isAlive(leader.pid, leader.start)).toBe(true);
    await endFamily(leader, 0);
    expect(isAlive(leader.pid, leader.start)).toBe(false);
  });

  it('runs nothing when it can not be recorded', async () => {
    const launched = launchProcess(request('echo ran > ran'), () => {
      throw new Error('disk full');
    });
    await expect(launched).rejects.toMatchObject({ code: 'process-unstartable' });
    await until(async () => (await processesMarked('SLIPWAY_PROCESS', directory)).length === 0);
    expect(existsSync(join(directory, 'ran'))).toBe(false);
  });

  it('runs nothing when the parent is killed before it could record', async () => {
    const script = join(directory, 'parent.ts');
    const module = new URL('../../src/agent/launch-process.ts', import.meta.url);
    const what = JSON.stringify(request('echo ran > ran; sleep 1000'));
    writeFileSync(
      script,
      `import { launchProcess } from ${JSON.stringify(module.href)};
       await launchProcess(${what}, () => process.kill(process.pid, 'SIGKILL'));`,
    );
    const parent = spawnSync(process.execPath, ['-C', 'slipway-source', script], { encoding: 'utf8' });
    expect(parent.signal).toBe('SIGKILL');
    await until(async () => (await processesMarked('SLIPWAY_PROCESS', directory)).length === 0);
    await sleep(50);
    expect(existsSync(join(directory, 'ran'))).toBe(false);
  });

  it('says so when the folder is missing', async () => {
    const launched = launchProcess({ ...request('true'), cwd: '/nowhere' }, () => {});
    await expect(launched).rejects.toMatchObject({ code: 'process-unstartable' });
  });
});

describe('withoutShell', () => {
  it.each([
    ['node server.js', 'exec node server.js'],
    [' ./bin/serve --port "$PORT" > log ', 'exec ./bin/serve --port "$PORT" > log'],
    ['npm run build && node x.js', 'npm run build && node x.js'],
    ['A=1 node x.js', 'A=1 node x.js'],
    ['cd dist', 'cd dist'],
    ['(node a.js)', '(node a.js)'],
    ['node a.js &\nnode b.js', 'node a.js &\nnode b.js'],
  ])('%j runs as %j', (command, run) => {
    expect(withoutShell(command)).toBe(run);
  });
});
