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
