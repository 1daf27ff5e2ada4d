import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './tools/test/longest-first.ts'

/** One config for all suites; `tools/test` picks which files run, and how. */
export default defineConfig({
  // As the web app's own imports say it.
  resolve: { alias: { '~/': fileURLToPath(new URL('./apps/web/src/', import.meta.url)) } },
  test: {
    include: ['{packages,apps,tools}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/generated/**'],
    // Waits end as soon as what they wait for is there: their limits are for machines that are busy with something else.
    testTimeout: 60_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
