import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground } from './playground.ts';

// A signal while a failed deployment takes itself back.

let play: Playground;
beforeEach(() => {
  play = new Playground().write({
    'slipway.yaml': `name: demo
environments: { dev: { onFailure: rollback } }
resources:
  made: { type: local:command, create: "touch made; echo {}", find: "test -e made && echo {}", delete: "echo leaving; until test -e go; do sleep 0.02; done; rm made" }
  bad: { type: local:command, create: "exit 1", find: "exit 1", delete: "true", dependsOn: [made] }
`,
  });
});
afterEach(() => play[Symbol.dispose]());

test('the first Ctrl-C says that it is finished first, and how it ended is said as ever', async () => {
  const run = play.start(['deploy', '--yes']);
  await run.printed('| leaving');
  run.child.kill('SIGINT');
  await run.printed('going back is finished first; press Ctrl-C again to stop now');
  play.write({ go: '' });
  const { code, stdout } = await run.ended;
  expect(code).toBe(3);
  expect(stdout).toContain('Everything is as it was before.');
  expect(stdout).not.toMatch(/stopping cleanly|slipway (resume|abort)/);
  expect(existsSync(join(play.directory, 'made'))).toBe(false);
});

test('the second one stops it at once, and resume finishes it', async () => {
  const run = play.start(['deploy', '--yes']);
  await run.printed('| leaving');
  run.child.kill('SIGINT');
  await run.printed('going back is finished first');
  run.child.kill('SIGINT');
  expect(await run.ended).toMatchObject({ code: 130, stdout: expect.stringContaining('resume with: slipway resume') });
  play.write({ go: '' });
  expect((await play.slipway('resume')).code).toBe(3);
  expect(existsSync(join(play.directory, 'made'))).toBe(false);
});
