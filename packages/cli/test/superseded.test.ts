import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// Words for a deployment that another one came after.

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

function project(name: string): void {
  play.write({
    'slipway.yaml': `name: demo
environments: { dev: {} }
resources:
  ${name}: { type: local:command, create: "echo begun; until test -e go; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }
  after-${name}: { type: core:value, input: one, dependsOn: [${name}] }
`,
  });
}

test('they say so, and promise nothing', async () => {
  project('one');
  const run = play.start(['deploy', '--yes']);
  await run.printed('| begun');
  expect((await play.slipway('cancel')).code).toBe(0);
  expect((await run.ended).code).toBe(130);
  play.write({ go: '' });
  const id = /deployment (\S+) on dev/.exec(run.stdout)![1]!;
  project('two');
  const next = await play.slipway('deploy', '--yes');
  expect(next.code).toBe(0);
  const newest = /deployment (\S+) on dev/.exec(next.stdout)![1]!;
  for (const [wish, code] of Object.entries({ abort: 5, continue: 5, promote: 5, pause: 5, cancel: 0 })) {
    const said = await play.slipway(wish, id);
    expect({ wish, ...said }).toMatchObject({ wish, code, stdout: expect.stringContaining(`${newest} came after it`) });
    expect(said.stdout).not.toMatch(/taken back now|goes on here|pauses when|slipway resume|rollback(?! --to)/);
  }
});
