/** The demo team's API key: the same at every start on the same data, kept beside it in a file for its owner alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiKeyHash, createApiKey, newApiKeySecret, type ControlPlaneDeps } from '@isochrone/services'
import type { SeedParts } from './seed-parts.ts'

/** A key that was revoked, or whose database was replaced, is followed by a fresh one. */
export async function ensureApiKey(
  { store }: Pick<SeedParts, 'store'>,
  deps: ControlPlaneDeps,
  { orgId, dataDir }: { orgId: string; dataDir: string },
): Promise<string> {
  const file = join(dataDir, 'demo-api-key')
  const kept = read(file)
  if (kept) {
    const row = await store.apiKeys.byHash(apiKeyHash(kept))
    if (row?.enabled && row.referenceId === orgId) return kept
    if (!row) return create(kept)
  }
  const fresh = newApiKeySecret()
  writeFileSync(file, `${fresh}\n`, { mode: 0o600 })
  return create(fresh)

  async function create(secret: string): Promise<string> {
    return (await createApiKey(deps, { orgId, name: 'Demo key', expiresInDays: null, secret })).secret
  }
}

function read(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return /^iso_[0-9a-f]{64}$/.test(text) ? text : null
  } catch {
    return null
  }
}
