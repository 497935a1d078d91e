import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['slipway-source'] },
  ssr: { resolve: { conditions: ['slipway-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'threads',
    testTimeout: 120_000,
    reporters: ['default', './tests/summary-reporter.ts'],
  },
});
