import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceProject } from './service-project.ts';

// What was built is what runs: whatever was changed in between, from outside.

let project: ServiceProject;
beforeEach(async () => {
  project = await ServiceProject.open();
  project.declare([], ['env: { WORD: one }']);
  expect((await project.play.slipway('deploy', '--yes')).code).toBe(0);
});
afterEach(() => project[Symbol.asyncDispose]());

const folder = () => join(project.play.directory, '.slipway/artifacts');
const artifact = () => join(folder(), readdirSync(folder()).find((name) => /^[0-9a-f]{64}$/.test(name)) ?? '');

test('an artifact whose content was altered is found, and not run', async () => {
  const { play } = project;
  const server = join(artifact(), 'web/server.js');
  appendFileSync(server, '// changed');
  const audit = await play.slipway('audit', 'verify');
  expect(audit.stdout).toContain(`the artifact ${artifact()} was altered`);
  expect(audit.code).toBe(1);
  project.declare([], ['env: { WORD: two }']);
  const refused = await play.slipway('deploy', '--yes');
  expect(refused.stdout).toContain('[artifact-altered]');
  expect(await project.answer()).toBe('one');
  rmSync(artifact(), { recursive: true });
  expect((await play.slipway('audit', 'verify')).stdout).toContain('is missing');
  expect(await play.slipway('deploy', '--yes')).toMatchObject({ code: 0 });
  expect(await project.answer()).toBe('two');
  expect(await play.slipway('audit', 'verify')).toMatchObject({ code: 0 });
});

test('what was put beside the files of an artifact is found too', async () => {
  mkdirSync(join(artifact(), 'web/.git'));
  writeFileSync(join(artifact(), 'web/.git/hook.js'), '');
  expect(await project.play.slipway('audit', 'verify')).toMatchObject({ code: 1 });
});

test('a row that names the build of something else is found, and nothing is planned with it', async () => {
  const { play } = project;
  const database = new DatabaseSync(join(play.directory, '.slipway/state.db'));
  database.exec('UPDATE artifacts SET event = event + 1');
  database.close();
  const audit = await play.slipway('audit', 'verify');
  expect(audit.stdout).toContain('is not what the journal gives');
  expect(audit.code).toBe(1);
  project.declare([], ['env: { WORD: two }']);
  expect((await play.slipway('deploy', '--yes')).stderr).toContain('[journal-tampered]');
  expect(await project.answer()).toBe('one');
});
