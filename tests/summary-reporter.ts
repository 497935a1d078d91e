import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { MISSING_PARTS_FILE } from './require.ts';

/**
 * Ends the run with `skipped for want of: …`, when a part was missing, and with one line of its own:
 * `N passed, N failed, N skipped`. A file that could not be loaded and an error outside any test count as failed.
 */
export default class SummaryReporter implements Reporter {
  #folder = '';
  #counts = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    this.#folder = mkdtempSync(join(tmpdir(), 'slipway-tests-'));
    process.env[MISSING_PARTS_FILE] = join(this.#folder, 'missing-parts');
    // On exit, so that nothing else is printed after it.
    process.once('exit', () => this.#tell());
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state] += 1;
        else counts.failed += 1;
      }
    }
    this.#counts = counts;
  }

  #tell(): void {
    const file = join(this.#folder, 'missing-parts');
    const missing = existsSync(file) ? new Set(readFileSync(file, 'utf8').trim().split('\n')) : new Set<string>();
    rmSync(this.#folder, { recursive: true, force: true });
    if (missing.size > 0) console.log(`skipped for want of: ${[...missing].sort().join(', ')}`);
    const { passed, failed, skipped } = this.#counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}
