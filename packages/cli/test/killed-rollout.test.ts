import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// A canary on this machine whose terminal dies while it waits: nothing of it is lost, and nobody waits for a lease.

let project: ServiceProject;
const declare = (word: string, steps: string) =>
  project.declare(
    [],
    ['instances: 2', `env: { WORD: ${word} }`, `strategy: { canary: { drain: 1s, steps: [${steps}] } }`],
    'dev: { platform: local, onFailure: rollback }',
  );

beforeEach(async () => {
  project = await ServiceProject.open();
});
afterEach(() => project[Symbol.asyncDispose]());

async function oldRuns(): Promise<void> {
  declare('old', '{ weight: 20, hold: 1s }');
  expect((await project.play.slipway('deploy', '--yes')).code).toBe(0);
}

/** Many requests, by what answered. */
async function shares(): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let request = 0; request < 50; request++) {
    const word = (await project.answer()) ?? 'nobody';
    seen[word] = (seen[word] ?? 0) + 1;
  }
  return seen;
}

async function killedInPause(): Promise<void> {
  await oldRuns();
  declare('new', '{ weight: 20, pause: true }, { weight: 60, hold: 100ms }');
  const run = project.play.start(['deploy', '--yes', '--wait']);
  await run.printed('waiting: ');
  run.child.kill('SIGKILL');
  await run.ended;
  expect(await shares()).toEqual({ old: 40, new: 10 });
}

test('another terminal continues at once, and it ends as planned', async () => {
  await killedInPause();
  expect((await project.play.slipway('status')).stdout).toContain('no process runs it');
  const done = await project.play.slipway('continue');
  expect(done.stdout).not.toContain('is locked');
  expect(done.code).toBe(0);
  expect(await shares()).toEqual({ new: 50 });
});

test('another terminal takes it back at once', async () => {
  await killedInPause();
  const done = await project.play.slipway('abort');
  expect(done).toMatchObject({ code: 3, stdout: expect.stringContaining('rolled back') });
  expect(await shares()).toEqual({ old: 50 });
});

test('a hold that was left with Ctrl-C goes on with resume', async () => {
  await oldRuns();
  declare('new', '{ weight: 20, hold: 3s }');
  const run = project.play.start(['deploy', '--yes']);
  await run.printed(/hold-20/);
  await sleep(200);
  run.child.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
  expect((await project.play.slipway('resume')).code).toBe(0);
  expect(await shares()).toEqual({ new: 50 });
});
