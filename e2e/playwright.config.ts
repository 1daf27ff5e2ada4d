/**
 * Browser flows against a real marketplace, one at a time: they share two cores with everything that it runs.
 *
 * Debian's Chromium is used where it is installed; a failed test leaves a trace and a screenshot in `test-results`.
 */
import { externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { defineConfig } from '@playwright/test'
import { existsSync } from 'node:fs'

const installed = [loadEnv(externalServicesEnv).CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser']
const executablePath = installed.find((path) => path !== undefined && existsSync(path))

export default defineConfig({
  testDir: 'src',
  testMatch: '**/*.e2e.ts',
  workers: 1,
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--font-render-hinting=none',
      ],
    },
  },
})
