/**
 * What a run has found out so far, for one that goes on from it (`--resume`).
 *
 * Stryker tells by itself which tests and mutated lines have changed. What else a result depends on it does not look at, so a run is
 * gone on from only while every source that is no test is the same, byte for byte.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectRoot } from '../project-root.ts'

/** Relative to the project; Stryker writes it at the end of a run, and when a signal ends it. */
export const knownFile = '.data/mutation/known.json'
const hashFile = '.data/mutation/known-sources.sha256'
const sources = [
  'packages/*/src/**/*.{ts,js,json}',
  'packages/*/package.json',
  'prisma/*.prisma',
  'apps/gateway/src/**/*.ts',
  'tools/mutation/*',
  'pnpm-lock.yaml',
  'tsconfig*.json',
]

/** Makes ready for a whole run. True when it goes on from an earlier one; otherwise nothing of that is left. */
export function prepareKnownResults(isResumed: boolean, root = projectRoot): boolean {
  const [known, hashed] = [join(root, knownFile), join(root, hashFile)]
  const hash = sourcesHash(root)
  const isKnown = existsSync(known) && existsSync(hashed) && readFileSync(hashed, 'utf8') === hash
  if (isResumed && isKnown) return true
  mkdirSync(dirname(known), { recursive: true })
  rmSync(known, { force: true })
  writeFileSync(hashed, hash)
  return false
}

function sourcesHash(root: string): string {
  const hash = createHash('sha256')
  const paths = sources.flatMap((pattern) => globSync(pattern, { cwd: root }))
  for (const path of paths.toSorted()) {
    if (path.endsWith('.test.ts') || path.includes('/generated/')) continue
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0')
  }
  return hash.digest('hex')
}
