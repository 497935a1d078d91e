import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

let play: Playground;
beforeEach(() => {
  play = new Playground().write({
    'slipway.yaml': `name: demo
environments: { dev: {} }
resources:
  slow: { type: local:command, create: "echo begun; until test -e go; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }
`,
  });
});
afterEach(() => play[Symbol.dispose]());

test('a deployment whose process was killed is not shown as running, and nobody is asked to stop it', async () => {
  const run = play.start(['deploy', '--yes']);
  await run.printed('| begun');
  expect((await play.slipway('status')).stdout).toContain(`pid ${run.child.pid}`);
  run.child.kill('SIGKILL');
  await run.ended;

  const { stdout } = await play.slipway('status');
  expect(stdout).not.toContain('locked by');
  expect(stdout).toContain('no process runs it; go on with: slipway resume -e dev');
  expect(JSON.parse((await play.slipway('status', '--json')).stdout).lock).toBeNull();
  expect((await play.slipway('cancel')).stdout).toContain('No process runs');
  play.write({ go: '' });
  expect((await play.slipway('resume')).code).toBe(0);
});
