/** Where things that are costly to get and safe to delete are kept: `.data/cache` in the project's root. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export function projectCacheDir(): string {
  const dir = fileURLToPath(new URL('../../../.data/cache', import.meta.url))
  mkdirSync(dir, { recursive: true })
  return dir
}
