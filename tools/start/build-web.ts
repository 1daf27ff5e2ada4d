/**
 * Builds the web app with `next build`, unless nothing that goes into it has changed since the last build.
 *
 * Then the framework's scripts get the hint by which browsers compile them beside the page. The stamp is a hash of contents, not of times, so that a fresh clone and a branch switch are both right.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { spawnProcess } from '@isochrone/local-stack'
import { childEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { addCompileHints } from './add-compile-hints.ts'
import { StartError } from './start-error.ts'

const webDir = join(projectRoot, 'apps/web')
const stampFile = join(webDir, '.next/isochrone-build-hash')

/** The `next` executable, run by our own Node. */
export function nextBin(): string {
  const manifest = createRequire(join(webDir, 'package.json')).resolve('next/package.json')
  return join(dirname(manifest), 'dist/bin/next')
}

export function webBuildNeeded(): boolean {
  return !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== sourceHash()
}

/** @throws StartError with the last lines of the build and the place of its log. */
export async function buildWeb(logFile: string): Promise<void> {
  const hash = sourceHash()
  const build = spawnProcess({
    name: 'next build',
    command: process.execPath,
    args: [nextBin(), 'build'],
    cwd: webDir,
    logFile,
    env: childEnv({ NODE_ENV: 'production', ISOCHRONE_ENVIRONMENT: 'development', NEXT_TELEMETRY_DISABLED: '1' }),
  })
  const stopWithUs = () => void build.stop()
  process.once('SIGINT', stopWithUs).once('SIGTERM', stopWithUs)
  const exit = await build.exited
  process.off('SIGINT', stopWithUs).off('SIGTERM', stopWithUs)
  if (exit.code !== 0) {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
    throw new StartError(`The web app did not build (log: ${logFile}):\n${lines}`)
  }
  addCompileHints(join(webDir, '.next'))
  writeFileSync(stampFile, hash)
}

function sourceHash(): string {
  const hash = createHash('sha256')
  const packages = readdirSync(join(projectRoot, 'packages')).map((name) => `packages/${name}/src`)
  const roots = ['apps/web', ...packages, 'prisma', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']
  for (const root of roots.toSorted()) addTree(hash, root)
  return hash.digest('hex')
}

const skipped = new Set(['node_modules', '.next', 'generated', 'next-env.d.ts', 'migrations'])

function addTree(hash: ReturnType<typeof createHash>, path: string): void {
  const full = join(projectRoot, path)
  if (!existsSync(full)) return
  const entries = tryReaddir(full)
  if (!entries) {
    hash.update(path).update('\0').update(readFileSync(full))
    return
  }
  for (const name of entries.toSorted()) {
    if (skipped.has(name) || /\.test\.tsx?$/.test(name)) continue
    addTree(hash, `${path}/${name}`)
  }
}

function tryReaddir(path: string): string[] | null {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null
    throw error
  }
}
