import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// A project changes while its services run. From outside: the real command line, a real service.

let project: ServiceProject;
beforeEach(async () => {
  project = await ServiceProject.open();
});
afterEach(() => project[Symbol.asyncDispose]());

const slipway = (...args: string[]) => project.play.slipway(...args);
const web = (word: string) => [`env: { WORD: "\${resource:${word}.value}" }`];

test('a resource under a new name replaces the old one, though the service that uses it stays as it is', async () => {
  project.declare(['word: { type: core:value, input: hello }'], web('word'));
  expect((await slipway('deploy', '--yes')).code).toBe(0);

  project.declare(['greeting: { type: core:value, input: hello }'], web('greeting'));
  const renamed = await slipway('deploy', '--yes');
  expect(renamed.stderr).toBe('');
  expect(renamed.code).toBe(0);
  const { resources } = JSON.parse((await slipway('state', 'list', '--json')).stdout);
  expect(
    resources.map(({ address, dependsOn }: { address: string; dependsOn: string[] }) => [address, dependsOn]),
  ).toEqual([
    ['resource:greeting', []],
    ['service:web', ['resource:greeting']],
  ]);
  expect(await project.answer()).toBe('hello');
  expect((await slipway('plan', '--exit-code')).code).toBe(0);
});

test('without a readable config, what runs can be seen, taken back and ended', async () => {
  project.declare(['word: { type: core:value, input: one }'], web('word'));
  await slipway('deploy', '--yes');
  project.declare(['word: { type: core:value, input: two }'], web('word'));
  await slipway('deploy', '--yes');
  expect(await project.answer()).toBe('two');

  project.play.write({ 'slipway.yaml': 'name: [demo\n' });
  for (const look of [['status'], ['state', 'list'], ['logs', 'web'], ['drift'], ['events'], ['resume']]) {
    expect(await slipway(...look)).toMatchObject({ code: 0, stderr: '' });
  }
  expect((await slipway('plan')).code).toBe(2);
  expect((await slipway('rollback', '--yes')).code).toBe(0);
  expect(await project.answer()).toBe('one');
  expect((await slipway('destroy', '--yes')).code).toBe(0);
  expect(await project.answer()).toBeUndefined();
});

test('an environment that was taken out of the config can be ended', async () => {
  project.declare([], ['env: { WORD: hello }']);
  await slipway('deploy', '--yes');
  project.declare([], ['env: { WORD: hello }'], 'other: { platform: local }');
  expect((await slipway('destroy', '--yes', '-e', 'dev')).code).toBe(0);
  expect(await project.answer()).toBeUndefined();
});
