import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentReport, JournalEvent } from '@slipway/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ended, Playground } from './playground.ts';

// From outside: the real command line in a folder of its own, judged by its exit code, its output and the disk.

let play: Playground;
beforeEach(() => {
  play = new Playground();
});
afterEach(() => play[Symbol.dispose]());

const inFolder = (name: string) => join(play.directory, name);
const read = (name: string) => readFileSync(inFolder(name), 'utf8');
const parse = <T = DeploymentReport>({ stdout }: Ended) => JSON.parse(stdout) as T;

function project(lines: readonly string[], environments = 'dev: {}'): void {
  play.write({
    'slipway.yaml': `name: demo\nenvironments: { ${environments} }\nresources:\n  ${lines.join('\n  ')}\n`,
  });
}

const greeting = (word: string) => [
  `word: { type: core:value, input: ${word} }`,
  'letter: { type: local:file, path: letter.txt, content: "say ${resource:word.value}" }',
];

/** A command that says that it began, then waits until a file lets it go on. */
const patient =
  'slow: { type: local:command, create: "echo begun; until test -e go; do sleep 0.02; done; echo {}", find: "exit 1", delete: "true" }';

test('plan, deploy, nothing to do, change, roll back, destroy', async () => {
  project(greeting('hello'));
  const planned = await play.slipway('plan', '--json', '--exit-code');
  expect(planned.code).toBe(6);
  const plan = parse<{ changes: { address: string; action: string }[]; steps: object[]; criticalPath: string[] }>(
    planned,
  );
  expect(plan.changes.map(({ address, action }) => `${action} ${address}`).sort()).toEqual([
    'create resource:letter',
    'create resource:word',
  ]);
  expect(plan.steps[0]).not.toHaveProperty('input');
  expect(plan.criticalPath.at(-1)).toBe('resource:letter/create');
  expect(existsSync(inFolder('letter.txt'))).toBe(false);

  const first = parse(await play.slipway('deploy', '--yes', '--json', '--ship', 'one'));
  expect(first).toMatchObject({ version: 1, status: 'completed', ship: 'one', counts: { create: 2 } });
  expect(read('letter.txt')).toBe('say hello');

  const again = await play.slipway('deploy', '--yes');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toContain('Nothing to do on dev');
  expect((await play.slipway('plan', '--exit-code')).code).toBe(0);

  project(greeting('goodbye'));
  const second = await play.slipway('deploy', '--yes', '--ship', 'two');
  expect(second.stdout).toContain('"hello" → "goodbye"');
  expect(second.stdout).toMatch(/✔ Deployment \S+ on dev \(demo two\) completed in/);
  expect(read('letter.txt')).toBe('say goodbye');

  const back = await play.slipway('rollback', '--yes');
  expect(back.code).toBe(0);
  expect(read('letter.txt')).toBe('say hello');

  const { deployments } = parse<{ deployments: { kind: string }[] }>(await play.slipway('history', '--json'));
  expect(deployments.map(({ kind }) => kind)).toEqual(['rollback', 'deploy', 'deploy']);

  const gone = await play.slipway('destroy', '--yes');
  expect(gone.code).toBe(0);
  expect(existsSync(inFolder('letter.txt'))).toBe(false);
  expect(parse<{ resources: object[] }>(await play.slipway('state', 'list', '--json')).resources).toEqual([]);
});

test('with --json and --events, stdout belongs to machines and people read stderr', async () => {
  project(greeting('hello'));
  const { stdout, stderr } = await play.slipway('deploy', '--yes', '--events');
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEvent);
  expect(events[0]?.type).toBe('deployment.started');
  expect(events.at(-1)?.type).toBe('deployment.ended');
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(stderr).toContain('✔ Deployment');

  const shown = await play.slipway('status', '--json');
  expect(parse(shown)).toMatchObject({ version: 1, status: 'completed', resources: 2, lock: null });
  expect(shown.stdout.trimEnd()).not.toContain('\n');
});

test('drift is seen, gives 6, and is mended', async () => {
  project(greeting('hello'));
  await play.slipway('deploy', '--yes');
  expect((await play.slipway('drift')).code).toBe(0);
  writeFileSync(inFolder('letter.txt'), 'scribble');
  const seen = await play.slipway('drift');
  expect(seen.code).toBe(6);
  expect(seen.stdout).toContain('~ resource:letter');
  expect((await play.slipway('drift', '--fix', '--yes')).code).toBe(0);
  expect(read('letter.txt')).toBe('say hello');
});

test('a saved plan is applied as it is, and refused once the state moved', async () => {
  project(greeting('hello'));
  expect((await play.slipway('plan', '--out', 'saved.json')).stdout).toContain('slipway deploy --plan saved.json');
  expect((await play.slipway('deploy', '--plan', 'saved.json', '--yes')).code).toBe(0);
  rmSync(inFolder('letter.txt'));
  const stale = await play.slipway('deploy', '--plan', 'saved.json', '--yes', '--json');
  expect(stale.code).toBe(5);
  expect(parse<{ error: { code: string } }>(stale).error.code).toBe('plan-stale');
  play.write({ 'other.json': '{"a":1}' });
  expect((await play.slipway('deploy', '--plan', 'other.json', '--yes')).code).toBe(2);
});

test('all problems of a config at once, a line each', async () => {
  play.write({ 'slipway.yaml': 'name: demo\nresuorces: {}\nenvironments:\n  dev: { protectd: true }\n' });
  const { code, stdout, stderr } = await play.slipway('validate');
  expect(stderr).toMatch(/^slipway\.yaml:2:\d+ resuorces: .*resources/m);
  expect(stderr).toMatch(/^slipway\.yaml:4:\d+ environments\.dev\.protectd: .*protected/m);
  expect(stdout).toBe('');
  expect(code).toBe(2);
  const { error } = parse<{ error: { problems: object[] } }>(await play.slipway('plan', '--json'));
  expect(error.problems).toHaveLength(2);
});

test('an environment that does not exist is named with those that do', async () => {
  project(greeting('hello'), 'dev: {}, prod: {}');
  for (const args of [['plan'], ['plan', '-e', 'prd']]) {
    const { code, stderr } = await play.slipway(...args);
    expect(stderr).toMatch(/dev.*prod/);
    expect(code).toBe(2);
  }
});

describe('a failure', () => {
  const failing = [
    'first: { type: local:file, path: first.txt, content: "1" }',
    'bad: { type: local:command, create: "echo no disk left >&2; exit 3", find: "exit 1", delete: "true", env: { AFTER: "${resource:first.path}" } }',
  ];

  test('gives 1 where the policy is to stop, and names step, output and ways on', async () => {
    project(failing, 'dev: { onFailure: stop }');
    const { code, stdout } = await play.slipway('deploy', '--yes');
    expect(code).toBe(1);
    expect(stdout).toContain('resource:bad/create');
    expect(stdout).toContain('no disk left');
    expect(stdout).toContain('slipway resume -e dev');
    expect(read('first.txt')).toBe('1');
  });

  test('gives 3 where it is rolled back, and nothing is left', async () => {
    project(failing, 'dev: { onFailure: rollback }');
    const { code, stdout } = await play.slipway('deploy', '--yes', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ rollback: { destroyed: ['resource:first'] } });
    expect(existsSync(inFolder('first.txt'))).toBe(false);
  });
});

describe('a running deployment', () => {
  test('holds its lock: a second is refused with 5 and names the holder, one with --wait follows', async () => {
    project([patient]);
    const first = play.start(['deploy', '--yes']);
    await first.printed('| begun');
    const refused = await play.slipway('deploy', '--yes');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain(String(first.child.pid));
    const patientOne = play.start(['deploy', '--yes', '--wait', '1m']);
    await patientOne.printed(/Waiting for the lock on dev, held by/);
    play.write({ go: '' });
    expect((await first.ended).code).toBe(0);
    const followed = await patientOne.ended;
    expect(followed.code).toBe(0);
    expect(followed.stdout).toContain('Nothing to do');
  });

  test('Ctrl-C once stops it cleanly with 130; resume finishes it under the same id', async () => {
    project([patient]);
    const run = play.start(['deploy', '--yes']);
    await run.printed('| begun');
    run.child.kill('SIGINT');
    const stopped = await run.ended;
    expect(stopped.stdout).toContain('stopping cleanly; press Ctrl-C again to stop now');
    expect(stopped.stdout).toContain('resume with: slipway resume -e dev');
    expect(stopped).toMatchObject({ code: 130, signal: null });
    play.write({ go: '' });
    const resumed = parse(await play.slipway('resume', '--json'));
    expect(resumed.status).toBe('completed');
    expect(stopped.stdout).toContain(resumed.id);
    expect((await play.slipway('resume')).code).toBe(0);
  });

  test('SIGTERM does the same', async () => {
    project([patient]);
    const run = play.start(['deploy', '--yes', '--json']);
    await run.printed('| begun');
    run.child.kill('SIGTERM');
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled' });
  });

  test('Ctrl-C twice ends it at once, and it can be resumed', async () => {
    // It ignores SIGTERM, so a clean stop would have to wait for its grace.
    project([patient.replace('echo begun', "trap '' TERM; echo begun")]);
    const run = play.start(['deploy', '--yes']);
    await run.printed('| begun');
    run.child.kill('SIGINT');
    await run.printed('stopping cleanly');
    run.child.kill('SIGINT');
    const stopped = await run.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stdout.match(/resume with: slipway resume -e dev/g)).toHaveLength(1);
    play.write({ go: '' });
    expect((await play.slipway('resume')).code).toBe(0);
  });

  test('can be cancelled and followed from another terminal', async () => {
    project([patient]);
    const run = play.start(['deploy', '--yes']);
    await run.printed('| begun');
    const follower = play.start(['events', '--follow', '--events']);
    await follower.printed('step.started');
    const cancel = await play.slipway('cancel', '--reason', 'lunch');
    expect(cancel).toMatchObject({ code: 0, stderr: '' });
    expect((await run.ended).code).toBe(130);
    const { code, stdout } = await follower.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"deployment.ended"');
    expect((await play.slipway('cancel')).stdout).toContain('No process runs');
    expect((await play.slipway('pause')).code).toBe(5);
  });
});

test('what is in doubt gives 7 and says how to go on; --redo goes on', async () => {
  project([patient.replace('find: "exit 1", ', '')]);
  const run = play.start(['deploy', '--yes']);
  await run.printed('| begun');
  run.child.kill('SIGKILL');
  await run.ended;
  const doubtful = await play.slipway('resume');
  expect(doubtful.code).toBe(7);
  expect(doubtful.stdout).toContain('slipway resume --redo resource:slow/create -e dev');
  play.write({ go: '' });
  expect((await play.slipway('resume', '--redo', 'resource:slow/create')).code).toBe(0);
});

test('state is listed, shown, moved and forgotten; the journal is proved', async () => {
  project(greeting('hello'));
  await play.slipway('deploy', '--yes');
  expect((await play.slipway('state', 'show', 'resource:letter')).stdout).toContain('"letter.txt"');
  expect((await play.slipway('state', 'show', 'resource:nothing')).code).toBe(2);
  expect((await play.slipway('state', 'mv', 'resource:letter', 'resource:note')).code).toBe(0);
  expect((await play.slipway('state', 'rm', 'resource:note')).code).toBe(0);
  expect((await play.slipway('state', 'list')).stdout).not.toContain('note');
  expect(existsSync(inFolder('letter.txt'))).toBe(true);
  const audit = await play.slipway('audit', 'verify');
  expect(audit.code).toBe(0);
  const anchor = /dev=\d+:[0-9a-f]{64}$/m.exec(audit.stdout)?.[0] ?? '';
  expect((await play.slipway('audit', 'verify', '--anchor', anchor)).code).toBe(0);
  const wrong = anchor.replace(/[0-9a-f]{8}$/, '00000000');
  expect((await play.slipway('audit', 'verify', '--anchor', wrong)).code).toBe(1);
});

test('the graph in every format', async () => {
  project(greeting('hello'));
  expect((await play.slipway('graph')).stdout).toMatch(/^flowchart TD\n[\s\S]*n\d+ --> n\d+/);
  expect((await play.slipway('graph', '--format', 'dot')).stdout).toContain('"resource:letter" -> "resource:word";');
  const { edges } = parse<{ edges: object[] }>(await play.slipway('graph', '--format', 'json'));
  expect(edges).toEqual([{ from: 'resource:letter', to: 'resource:word' }]);
});

test('-v shows each provider call with its time, and a deployment leaves a log file', async () => {
  project(greeting('hello'));
  const { stdout } = await play.slipway('deploy', '--yes', '-v');
  expect(stdout).toMatch(/resource:letter\/create .*create.* \d+(ms|\.\ds)/);
  const log = /^log: (.*)$/m.exec(stdout)?.[1] ?? '';
  expect(read(log)).toContain('resource:letter/create');
});
