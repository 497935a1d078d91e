import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// Who may change what without being asked, where there is no terminal to ask at.

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

function project(environment: string, word = 'hello'): void {
  play.write({
    'slipway.yaml': `name: demo
environments: { dev: { resources: { letter: { path: dev.txt } } }, prod: ${environment} }
resources:
  letter: { type: local:file, path: letter.txt, content: ${word} }
`,
  });
}
const PROTECTED = '{ protected: true }';

async function refused(code: number, ...args: string[]): Promise<string> {
  const before = (await play.slipway('history', '-e', 'prod')).stdout;
  const ended = await play.slipway(...args, '--json');
  expect(ended.code).toBe(code);
  const { error } = JSON.parse(ended.stdout) as { error: { message: string; hint: string } };
  expect((await play.slipway('history', '-e', 'prod')).stdout).toBe(before);
  return `${error.message} ${error.hint}`;
}

test('without an answer beforehand nothing begins', async () => {
  project('{}');
  expect(await refused(2, 'deploy', '-e', 'prod')).toContain('no terminal to ask at');
  expect((await play.slipway('deploy', '-e', 'prod', '--yes')).code).toBe(0);
});

describe('a protected environment', () => {
  test('is not changed for a --yes, which says how it would be', async () => {
    project(PROTECTED);
    const said = await refused(5, 'deploy', '-e', 'prod', '--yes');
    expect(said).toContain('prod is protected');
    expect(said).toContain('--confirm prod');
    expect(said).toContain('SLIPWAY_CONFIRM=prod');
    expect((await play.slipway('deploy', '-e', 'prod', '--confirm', 'prod')).code).toBe(0);
  });

  test('is changed for a variable that names it, and for no other', async () => {
    project(PROTECTED);
    const deploy = async (confirmed: string, environment: string) => {
      return await play.start(['deploy', '-e', environment, '--yes'], { SLIPWAY_CONFIRM: confirmed }).ended;
    };
    expect((await deploy('dev', 'prod')).code).toBe(5);
    expect((await deploy('prod', 'dev')).code).toBe(0);
    expect((await deploy('prod', 'prod')).code).toBe(0);
  });

  test.each(['drift --fix', 'rollback', 'destroy'])(
    'is not changed by %s, also when it was deployed before it was protected',
    async (line) => {
      const command = [...line.split(' '), '-e', 'prod'];
      project('{}');
      await play.slipway('deploy', '-e', 'prod', '--yes');
      project(PROTECTED);
      rmSync(join(play.directory, 'letter.txt'));
      expect(await refused(5, ...command, '--yes')).toContain('prod is protected');
      expect((await play.slipway(...command, '--confirm', 'prod')).code).toBe(0);
    },
  );
});

test('what waits in a protected environment is not stopped by a rollback that nobody agreed to, or that can not be', async () => {
  play.write({
    'slipway.yaml': `name: demo
environments: { prod: ${PROTECTED} }
resources:
  slow: { type: local:command, create: "echo begun; until test -e go; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }
  after: { type: local:file, path: after.txt, content: "1", dependsOn: [slow] }
`,
  });
  const run = play.start(['deploy', '--confirm', 'prod']);
  await run.printed('| begun');
  await play.slipway('pause');
  await run.printed('waiting: paused');
  expect(await refused(5, 'rollback', '--yes')).toContain('prod is protected');
  expect(await refused(5, 'rollback', '--confirm', 'dev')).toContain('--confirm names dev');
  expect(await refused(2, 'rollback', '--to', 'v9999', '--confirm', 'prod')).toContain('v9999');
  play.write({ go: '' });
  const back = await play.slipway('rollback', '--confirm', 'prod');
  expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('It is stopped, and takes back what it did') });
  expect((await run.ended).code).toBe(3);
});

test('a name that is not the environment that would be changed is refused', async () => {
  project('{}');
  expect(await refused(5, 'deploy', '-e', 'prod', '--confirm', 'dev')).toContain('--confirm names dev');
  expect(await refused(5, 'deploy', '-e', 'prod', '--yes', '--confirm', 'dev')).toContain('would change prod');
});
