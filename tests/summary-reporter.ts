import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { MISSING_PARTS_FILE } from './require.ts';

/**
 * Ends the run with the names of what failed, with `skipped for want of: …`, when a part was missing, and with one
 * line of its own: `N passed, N failed, N skipped`. A file that could not be loaded and an error outside any test count as failed.
 */
export default class SummaryReporter implements Reporter {
  #folder = '';
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #failures: string[] = [];

  onInit(): void {
    this.#folder = mkdtempSync(join(tmpdir(), 'slipway-tests-'));
    process.env[MISSING_PARTS_FILE] = join(this.#folder, 'missing-parts');
    // On exit, so that nothing else is printed after it.
    process.once('exit', () => this.#tell());
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const failures = unhandled.map((error) => `outside any test: ${firstLine(error)}`);
    for (const module of modules) {
      failures.push(...module.errors().map((error) => `${module.relativeModuleId}: ${firstLine(error)}`));
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed' || state === 'skipped') counts[state] += 1;
        else failures.push(`${module.relativeModuleId} > ${test.fullName}: ${firstLine(errors?.[0] ?? state)}`);
      }
    }
    this.#failures = failures;
    this.#counts = { ...counts, failed: failures.length };
  }

  #tell(): void {
    const file = join(this.#folder, 'missing-parts');
    const missing = existsSync(file) ? new Set(readFileSync(file, 'utf8').trim().split('\n')) : new Set<string>();
    rmSync(this.#folder, { recursive: true, force: true });
    for (const failure of this.#failures) console.log(`failed: ${failure}`);
    if (missing.size > 0) console.log(`skipped for want of: ${[...missing].sort().join(', ')}`);
    const { passed, failed, skipped } = this.#counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Object && 'message' in error ? String(error.message) : String(error);
  return text.trim().split('\n')[0] ?? '';
}
