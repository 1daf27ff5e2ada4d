/**
 * The browser for tests and tools: CHROMIUM_PATH, one that is installed, the distribution's package when this is root on
 * Debian, else Playwright's own download.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'

export type Chromium =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'playwright' }
  | { readonly kind: 'none'; readonly line: string }

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** One that is there already: CHROMIUM_PATH, else the first of the usual places that exists. Nothing is downloaded. */
export function installedChromium(): string | undefined {
  return [loadEnv(externalServicesEnv).CHROMIUM_PATH, ...usualPlaces].find((path) => path && existsSync(path))
}

export async function findChromium(): Promise<Chromium> {
  const { CHROMIUM_PATH } = loadEnv(externalServicesEnv)
  if (CHROMIUM_PATH && !existsSync(CHROMIUM_PATH)) {
    return { kind: 'none', line: `CHROMIUM_PATH names ${CHROMIUM_PATH}, which does not exist` }
  }
  const installed = installedChromium()
  if (installed) return { kind: 'path', path: installed }

  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const options = { cwd: projectRoot, env, limitMs: 300_000 }
    await runCommand('apt-get', ['update', '-q'], options)
    const { code } = await runCommand(
      'apt-get',
      ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
      options,
    )
    if (code === 0 && existsSync('/usr/bin/chromium')) return { kind: 'path', path: '/usr/bin/chromium' }
  }
  const playwright = join(projectRoot, 'node_modules/.bin/playwright')
  const { code } = await runCommand(playwright, ['install', 'chromium'], { cwd: projectRoot, limitMs: 300_000 })
  if (code === 0) return { kind: 'playwright' }
  return {
    kind: 'none',
    line: 'no Chromium: install one (apt install chromium, brew install chromium) or set CHROMIUM_PATH',
  }
}
