import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a test file in a folder of its own, on a machine that has nothing but Node; returns the last lines. */
function runTests(source: string, env: Record<string, string> = {}): Promise<{ exitCode: number; lines: string[] }> {
  writeFileSync(join(folder, 'some.test.ts'), source);
  const args = [
    vitest,
    'run',
    '--globals',
    '--reporter=default',
    `--reporter=${import.meta.dirname}/summary-reporter.ts`,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { PATH: folder, ...env } }, (error, stdout) =>
      resolve({ exitCode: error ? Number(error.code) : 0, lines: stdout.trimEnd().split('\n').slice(-2) }),
    );
  });
}

const needsWrk = `
  import { requirePart } from '${import.meta.dirname}/require.ts';
  test.skipIf(!requirePart('wrk'))('is proved with wrk', () => {});
`;

test('the last line counts what passed, failed and was skipped', async () => {
  const source = `
    test('a', () => {}); test('b', () => {}); test('c', () => { throw new Error('no') }); test.skip('d', () => {});
  `;
  const { exitCode, lines } = await runTests(source);
  expect(exitCode).toBe(1);
  expect(lines.at(-1)).toBe('2 passed, 1 failed, 1 skipped');
});

test('a file that can not be loaded counts as failed', async () => {
  const { exitCode, lines } = await runTests("import './missing.ts'; test('a', () => {});");
  expect(exitCode).toBe(1);
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});

test('a missing part is named and its tests are skipped', async () => {
  const { exitCode, lines } = await runTests(`test('a', () => {}); ${needsWrk}`);
  expect(exitCode).toBe(0);
  expect(lines).toEqual(['skipped for want of: wrk', '1 passed, 0 failed, 1 skipped']);
});

test.each(['wrk', 'docker,wrk', 'all'])('a missing part fails the run when SLIPWAY_REQUIRE is "%s"', async (names) => {
  const { exitCode, lines } = await runTests(needsWrk, { SLIPWAY_REQUIRE: names });
  expect(exitCode).toBe(1);
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});
