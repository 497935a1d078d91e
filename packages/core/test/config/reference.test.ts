import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { defineProject, type ProjectInput } from '../../src/config/define-project.ts';
import type { projectSchema } from '../../src/config/schema/project.ts';

const ROOT = join(import.meta.dirname, '../../../..');
type SchemaInput = z.input<typeof projectSchema>;

test('the JSON Schema, the types and the reference page are up to date', async () => {
  const script = join(ROOT, 'scripts/reference.ts');
  // Prints instead of writing: a test changes no file of the repository.
  const run = promisify(execFile)(process.execPath, ['-C', 'slipway-source', script, '--print'], { cwd: ROOT });
  const generated: Record<string, string> = JSON.parse((await run).stdout);
  expect(Object.keys(generated)).toHaveLength(3);
  for (const [path, content] of Object.entries(generated)) {
    expect(await readFile(join(ROOT, path), 'utf8'), `${path}: run npm run reference`).toBe(content);
  }
});

test('the types say what the schema says', () => {
  expectTypeOf<ProjectInput>().toExtend<SchemaInput>();
  expectTypeOf<SchemaInput>().toExtend<ProjectInput>();
});

test('a config is typed, and loads nothing at run time', async () => {
  const config = defineProject({ name: 'shop', services: { web: { path: 'web', run: '${env:RUN}', port: 80 } } });
  expect(config.services?.web?.port).toBe(80);
  const web = { path: 'web', run: 'x', port: 80, env: { REGION: null } };
  const overrides = {
    web: { env: { LOG: null }, health: { interval: null }, tests: { smoke: null }, tags: { a: null } },
  };
  defineProject({ name: 'shop', environments: { dev: { services: overrides } }, services: { web } });
  // @ts-expect-error: a key that does not exist
  defineProject({ name: 'shop', servcies: {} });
  // @ts-expect-error: a service needs a port
  defineProject({ name: 'shop', services: { web: { path: 'web' } } });
  const source = await readFile(join(import.meta.dirname, '../../src/config/define-project.ts'), 'utf8');
  expect(source.match(/^(import|export) (?!type)[^;]*from/gm)).toBeNull();
});
