import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['slipway-source'] },
  ssr: { resolve: { conditions: ['slipway-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    // Processes, not threads: what one thread starts holds the open sockets of the others for a moment, and a port that
    // was just closed would still be taken.
    pool: 'forks',
    // Most tests wait for processes that they started, so two files at once fit on the smallest machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 120_000,
    // Labs are built and taken down in hooks.
    hookTimeout: 120_000,
    reporters: ['default', './tests/summary-reporter.ts'],
  },
});
