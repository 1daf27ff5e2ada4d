#!/usr/bin/env node
/**
 * Runs one of our TypeScript tools on Node 24, whatever Node the machine has (>= 20.19), installing first when needed,
 * and generating the database client when the schema has changed.
 *
 * This file is plain JavaScript without dependencies, because it is the only one that runs before anything is installed.
 * It must not print to stdout: a tool's `--json` line belongs to that tool alone.
 * With `--huge-pages` in front the tool's large arrays lie in huge pages, where Linux and its C library give them.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM_VERSION = '12.21.0'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Isochrone needs Node 20.19 or newer to start; this is ${process.version}. Install a newer Node from https://nodejs.org.`,
  )
}

installIfNeeded()
const node = major >= 24 ? process.execPath : join(root, 'node_modules/node/bin/node')
generateClient()
const given = process.argv.slice(2)
const isHuge = given[0] === '--huge-pages'
const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...given.slice(isHuge ? 1 : 0)], {
  cwd: root,
  stdio: 'inherit',
  env: {
    // Most of a short process is compiling the same sources again: kept, it starts in half the time.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    ...(isHuge && process.platform === 'linux' && { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' }),
    // Behind them: who has set a variable keeps it.
    ...process.env,
    PATH: `${dirname(node)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    ISOCHRONE_ROOT: root,
  },
})
// The terminal sends Ctrl-C to the whole group; a signal sent to this process alone is handed on.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) =>
  fail(`Could not start Node 24 (${error.message}). Delete node_modules and run the command again.`),
)
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))

/** `pnpm install` when the lock or workspace file is another than at the last install that finished. */
function installIfNeeded() {
  const stamp = join(root, 'node_modules/.isochrone-install')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('Installing packages (about half a minute the first time)…\n')
  const args = ['-y', `pnpm@${PNPM_VERSION}`, 'install', '--frozen-lockfile']
  const env = { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1', CI: 'true' }
  const result = spawnSync('npx', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', env })
  if (result.error) fail(`npx could not run (${result.error.message}). Isochrone needs npm beside Node.`)
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}\n${result.stderr}\n`)
    fail(
      'Installing packages failed; the lines above say why. A full disk and a lost network are the usual causes; run the command again.',
    )
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** The Prisma client is code that tools import, so it must be there before any of them is loaded. */
function generateClient() {
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'tools/db/generate.ts')]
  const result = spawnSync(node, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) fail('The database client could not be generated; the lines above say why.')
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
