import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground, type Run } from './playground.ts';

// A deployment that a person paused from another terminal, while nothing of it runs any more.

let play: Playground;
beforeEach(() => {
  play = new Playground().write({
    'slipway.yaml': `name: demo
environments: { dev: { onFailure: rollback } }
resources:
  slow: { type: local:command, create: "echo begun; until test -e go; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }
  after: { type: local:file, path: after.txt, content: "1", dependsOn: [slow] }
`,
  });
});
afterEach(() => play[Symbol.dispose]());

async function pausedRun(...flags: string[]): Promise<Run> {
  const run = play.start(['deploy', '--yes', ...flags]);
  await run.printed('| begun');
  expect((await play.slipway('pause')).code).toBe(0);
  await run.printed('waiting: paused');
  play.write({ go: '' });
  await run.printed(/✔ .*slow\/create/);
  return run;
}

test('it stays, whatever ends meanwhile, and goes on when told to', async () => {
  const run = await pausedRun();
  await sleep(1_500);
  expect(run.child.exitCode).toBeNull();
  expect(existsSync(join(play.directory, 'after.txt'))).toBe(false);
  expect((await play.slipway('continue')).code).toBe(0);
  expect((await run.ended).code).toBe(0);
  expect(existsSync(join(play.directory, 'after.txt'))).toBe(true);
});

test('it can be taken back', async () => {
  const run = await pausedRun();
  expect((await play.slipway('abort')).code).toBe(0);
  const { code, stdout } = await run.ended;
  expect(stdout).toContain('rolled back');
  expect(code).toBe(3);
});

test('who rolls it back gets what was wished, and nothing is left to take back then', async () => {
  const run = await pausedRun();
  expect(await play.slipway('rollback', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('rolled back'),
  });
  expect((await run.ended).code).toBe(3);
  const again = await play.slipway('rollback', '--yes', '-C', '.');
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('was taken back already') });
});

test('Ctrl-C stops it cleanly', async () => {
  const run = await pausedRun();
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
  expect((await play.slipway('resume')).code).toBe(0);
});
