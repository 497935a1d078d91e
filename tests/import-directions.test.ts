import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The lint rules that hold the direction of imports are patterns, and a pattern that matches nothing looks like
// a clean tree. So: what must be refused is refused, and what is allowed is not.

const repository = join(import.meta.dirname, '..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
  copyFileSync(join(repository, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lint(file: string, from: string): { exitCode: number | null; output: string } {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `export { thing } from '${from}';\n`);
  const { status, stdout } = spawnSync(join(repository, 'node_modules/.bin/oxlint'), [file], { cwd: folder });
  return { exitCode: status, output: String(stdout) };
}

test.each([
  ['packages/core/src/a.ts', '@slipway/provider-local'],
  ['packages/core/src/a.ts', '@slipway/server'],
  ['packages/core/src/a.ts', 'slipway'],
  ['packages/core/src/plan/a.ts', '../../../provider-local/src/index.ts'],
  ['packages/core/src/a.ts', '@slipway/provider-testkit'],
  ['packages/core/src/a.ts', '@slipway/provider-testkit/store-conformance'],
  ['packages/core/test/a.test.ts', '@slipway/provider-local'],
  ['packages/core/test/a.test.ts', '@slipway/provider-local/testing'],
  ['packages/core/test/a.test.ts', 'slipway/api'],
  ['packages/provider-local/src/a.ts', '@slipway/core'],
  ['packages/provider-local/src/a.ts', 'slipway'],
  ['packages/provider-local/src/a.ts', '@slipway/provider-testkit'],
  ['packages/provider-local/src/router/a.ts', '../../../core/src/provider/index.ts'],
  ['packages/provider-local/test/a.test.ts', '@slipway/core'],
  ['packages/provider-local/test/a.test.ts', '@slipway/provider-docker'],
  ['packages/provider-local/test/a.test.ts', '@slipway/provider-docker/testing'],
  ['packages/provider-testkit/src/a.ts', '@slipway/provider-local'],
  ['packages/provider-testkit/src/a.ts', '@slipway/provider-local/testing'],
  ['packages/provider-testkit/src/a.ts', 'slipway'],
  ['packages/cli/src/a.ts', '../../core/src/index.ts'],
  ['packages/server/src/a.ts', '../../core/src/index.ts'],
  ['packages/dashboard/src/a.ts', '@slipway/core'],
])('%s must not import %s', (file, from) => {
  const { exitCode, output } = lint(file, from);
  expect(output).toContain('no-restricted-imports');
  expect(exitCode).toBe(1);
});

test.each([
  ['packages/core/src/plan/a.ts', '../provider/contract.ts'],
  ['packages/core/test/a.test.ts', '@slipway/provider-testkit'],
  ['packages/provider-local/src/a.ts', '@slipway/core/provider'],
  ['packages/provider-local/test/a.test.ts', '@slipway/provider-testkit'],
  ['packages/provider-local/test/a.test.ts', '@slipway/provider-testkit/resource-conformance'],
  ['packages/core/test/a.test.ts', '@slipway/provider-testkit/store-conformance'],
  ['packages/provider-testkit/src/a.ts', '@slipway/core'],
  ['packages/cli/src/a.ts', '@slipway/provider-local'],
  ['packages/server/src/a.ts', '@slipway/core'],
  ['packages/dashboard/src/a.ts', '@slipway/api'],
])('%s may import %s', (file, from) => {
  expect(lint(file, from)).toMatchObject({ exitCode: 0 });
});
