import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// From outside, with real processes: whatever ended them, a deployment of the same brings them back.

let project: ServiceProject;
beforeEach(async () => {
  project = await ServiceProject.open();
});
afterEach(() => project[Symbol.asyncDispose]());

const slipway = (...args: string[]) => project.play.slipway(...args);
const slipwayDirectory = (path: string) => join(project.play.directory, '.slipway', path);

const declare = (service: readonly string[]) =>
  project.declare([], ['env: { WORD: up }', ...service], 'dev: { platform: local, onFailure: rollback }');

/** Deployed, then stopped: nothing of it runs. */
async function stopped(service: readonly string[] = []): Promise<string> {
  declare(service);
  expect((await slipway('deploy', '--yes')).code).toBe(0);
  const { stdout } = await slipway('agent', 'stop', '-e', 'dev');
  expect(await project.answer()).toBeUndefined();
  return stdout;
}

test('after agent stop, plan says what does not run, and deploy brings it back', async () => {
  expect(await stopped()).toContain('Bring them back: slipway deploy -e dev');
  const planned = await slipway('plan', '--exit-code');
  expect(planned.code).toBe(6);
  expect(planned.stdout).toMatch(/~ service:web service\n +running +"not running" → "1 instance"/);
  expect(await project.answer()).toBeUndefined();
  const { changes } = JSON.parse((await slipway('plan', '--json')).stdout);
  expect(changes).toEqual([expect.objectContaining({ address: 'service:web', action: 'update' })]);

  const brought = await slipway('deploy', '--yes', '--json');
  expect(JSON.parse(brought.stdout)).toMatchObject({ status: 'completed', counts: { update: 1 } });
  expect(brought.stderr).toContain('look: slipway status');
  // What ran before runs again: there is nothing to go back from.
  expect(brought.stderr).not.toContain('go back');
  expect(await project.answer()).toBe('up');
  expect((await slipway('deploy', '--yes')).stdout).toContain('Nothing to do on dev.');
});

test('a platform that has forgotten everything is given it again', async () => {
  await stopped();
  for (const name of ['agent', 'run']) rmSync(slipwayDirectory(name), { recursive: true });
  expect((await slipway('deploy', '--yes')).code).toBe(0);
  expect(await project.answer()).toBe('up');
});

describe('bringing back', () => {
  const SICK = `require('node:http').createServer((_, answer) => {
  answer.statusCode = require('node:fs').existsSync(process.env.SLIPWAY_DATA_DIR + '/sick') ? 500 : 200;
  answer.end(answer.statusCode === 200 ? 'well' : 'sick');
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

  test('that fails takes nothing down on its way back, and can be tried again', async () => {
    project.play.write({ 'web/server.js': SICK });
    await stopped();
    writeFileSync(slipwayDirectory('data/dev/web/sick'), '');
    // What is declared about health is no part of the release, and holds all the same.
    declare(['health: { http: /, interval: 50ms, timeout: 2s, healthyAfter: 1, deadline: 1s }']);
    const failed = await slipway('deploy', '--yes', '--json');
    expect(failed.code).toBe(3);
    const report = JSON.parse(failed.stdout);
    expect(report).toMatchObject({ status: 'rolled_back', error: { code: 'unhealthy' } });
    const { services } = JSON.parse((await slipway('status', '--json')).stdout);
    expect(services[0].running).toEqual([expect.objectContaining({ state: 'running' })]);
    rmSync(slipwayDirectory('data/dev/web/sick'));
    expect(await slipway('deploy', '--yes')).toMatchObject({ code: 0 });
    expect(await project.answer()).toBe('well');
  });
});

describe('a port that another program has', () => {
  test('is told by the plan, and refuses the deployment before anything is built', async () => {
    project.declare([], ['build: touch "$OLDPWD/built" || touch built', 'env: { WORD: up }']);
    const other = createServer((_, answer) => answer.end('other')).listen(project.port, '127.0.0.1');
    try {
      const planned = await slipway('plan');
      expect(planned.code).toBe(0);
      expect(planned.stdout).toContain(`service:web: Port ${project.port} is taken by`);
      const refused = await slipway('deploy', '--yes');
      expect(refused.code).toBe(5);
      expect(refused.stderr).toContain('[port-in-use]');
      expect(refused.stderr).toContain(`process ${process.pid}`);
      expect(existsSync(slipwayDirectory('artifacts'))).toBe(false);
      expect(JSON.parse((await slipway('history', '--json')).stdout).deployments).toEqual([]);
      expect(await project.answer()).toBe('other');
    } finally {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    }
    expect((await slipway('deploy', '--yes')).code).toBe(0);
    expect(await project.answer()).toBe('up');
    // The platform's own router has it now, which is nobody's business.
    project.declare([], ['env: { WORD: changed }']);
    expect((await slipway('plan')).stdout).not.toContain('warning');
    expect((await slipway('deploy', '--yes')).code).toBe(0);
    expect(await project.answer()).toBe('changed');
  });
});
