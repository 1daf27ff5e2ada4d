/**
 * `npm start -- --reset`: forgets everything that a marketplace kept in its data directory.
 *
 * Only names that a start writes are deleted, so that a directory of somebody else's loses nothing. The cache stays: it
 * holds downloads of the tools, nothing of the marketplace.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const kept = [
  'supervisor.pid',
  'instance.json',
  'secrets.json',
  'deployment.json',
  'demo-api-key',
  'seed.json',
  'logs',
  'postgres',
  'redis',
  'chain',
  'gateway',
  'worker',
  'web',
  'agents',
  'models',
] as const

/** Deletes what a stopped marketplace kept in `dataDir`, which must exist. */
export function resetData(dataDir: string): void {
  const known = new Set<string>(kept)
  for (const name of readdirSync(dataDir)) {
    if (known.has(name)) rmSync(join(dataDir, name), { recursive: true, force: true })
  }
}
