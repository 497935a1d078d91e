import { afterEach, beforeEach, expect, test } from 'vitest';
import { Playground, type Run } from './playground.ts';

// Somebody pipes the output into `head`, which takes what it wants and goes away.

let play: Playground;
beforeEach(() => {
  play = new Playground().write({
    'slipway.yaml': `name: demo
environments: { dev: {} }
resources:
  first: { type: local:command, create: "echo begun; until test -e one; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }
  second: { type: local:command, create: "until test -e two; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true", dependsOn: [first] }
`,
  });
});
afterEach(() => play[Symbol.dispose]());

function goesAway({ child }: Run): void {
  child.stdout?.destroy();
}

test('a deployment goes on to its end, and following it ends', async () => {
  const run = play.start(['deploy', '--yes', '--events']);
  await run.printed('| begun');
  const following = play.start(['events', '--follow', '--events']);
  await following.printed('step.started');
  goesAway(run);
  goesAway(following);
  play.write({ one: '' });
  const { code } = await following.ended;
  expect(code).toBe(0);
  expect(run.child.exitCode).toBeNull();
  play.write({ two: '' });
  const ended = await run.ended;
  expect(ended.code).toBe(0);
  expect(ended.stderr).toContain('completed');
});
