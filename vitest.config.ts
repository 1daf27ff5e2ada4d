import { defineConfig } from 'vitest/config'

/** One config for all suites; `tools/test` picks which files run, and how. */
export default defineConfig({
  test: {
    include: ['{packages,apps,tools}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/generated/**'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
