/**
 * Browser flows against a real marketplace, one at a time: they share two cores with everything that it runs.
 *
 * An installed Chromium is used where there is one; a failed test leaves a trace and a screenshot in `test-results`.
 */
import { defineConfig } from '@playwright/test'
import { chromiumArgs } from '../tools/chromium/chromium-args.ts'
import { installedChromium } from '../tools/chromium/find-chromium.ts'

const executablePath = installedChromium()

export default defineConfig({
  testDir: 'src',
  testMatch: '**/*.e2e.ts',
  workers: 1,
  retries: 0,
  timeout: 600_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: [...chromiumArgs],
    },
  },
})
