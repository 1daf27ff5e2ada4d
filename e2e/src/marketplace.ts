/**
 * The fixtures of every flow: a whole marketplace of its own, on free ports, with short epochs; stopped at the end.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from '@playwright/test'
import { startMarketplace, type Marketplace } from '../../tools/start/marketplace.ts'

const START_LIMIT_MS = 1_800_000

/** `test` with `market`: started once for all tests of a worker. */
export const test = base.extend<object, { market: Marketplace }>({
  market: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the pattern to learn which fixtures this one needs.
    async ({}, use) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'isochrone-e2e-'))
      // As root, Postgres runs as a user of its own, who must be able to pass through.
      chmodSync(dataDir, 0o755)
      const market = await startMarketplace({ dataDir, ports: 'free', epochMs: 10_000, challengeWindowMs: 3_000 })
      await use(market)
      await market.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: START_LIMIT_MS },
  ],
})

export { expect } from '@playwright/test'
