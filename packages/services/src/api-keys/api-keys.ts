/**
 * API keys of an organisation. The secret is shown once; what is kept is its SHA-256 as base64url, which is how
 * better-auth's api-key plugin hashes too and what gateways compare.
 */
import { createHash, randomBytes } from 'node:crypto'
import { AppError, newId } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { ApiKeyListRow } from '../ports/rows.ts'
import type { ApiKeyView, CreatedApiKey } from '../queries/views/money.ts'

const PREFIX = 'iso_'
const SHOWN_CHARACTERS = 10
const KEYS_MAX = 100
const DAY_MS = 86_400_000

/** A secret of 256 random bits. */
export function newApiKeySecret(): string {
  return `${PREFIX}${randomBytes(32).toString('hex')}`
}

/** The `keyHash` of a secret. */
export function apiKeyHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url')
}

export async function listApiKeys(store: ControlPlaneStore, { orgId }: { orgId: string }): Promise<ApiKeyView[]> {
  const keys = await store.apiKeys.list(orgId)
  const lastUsed = await store.apiKeys.lastUsed(orgId)
  return keys.map((key) => viewOf(key, lastUsed.get(key.id)))
}

/** @param secret chosen by the caller for demonstration data; fresh otherwise. */
export async function createApiKey(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock'>,
  input: { orgId: string; name: string; expiresInDays: number | null; secret?: string },
): Promise<CreatedApiKey> {
  const secret = input.secret ?? newApiKeySecret()
  const row = await commitAndPublish(deps, async (tx) => {
    const enabled = (await tx.apiKeys.list(input.orgId)).filter((key) => key.enabled)
    if (enabled.length >= KEYS_MAX) {
      throw new AppError('state_conflict', {
        publicMessage: `An organisation has at most ${KEYS_MAX} active keys. Revoke one first.`,
      })
    }
    const inserted = await tx.apiKeys.insert({
      id: newId('key'),
      orgId: input.orgId,
      name: input.name,
      start: secret.slice(0, SHOWN_CHARACTERS),
      prefix: PREFIX,
      keyHash: apiKeyHash(secret),
      expiresAt: input.expiresInDays === null ? null : new Date(deps.clock.nowMs() + input.expiresInDays * DAY_MS),
    })
    await recordControlChange(tx.control, { apiKeyIds: [inserted.id] })
    return inserted
  })
  return { key: viewOf(row, undefined), secret }
}

/** Final and idempotent: gateways refuse the key within a second. `not_found` for another organisation's key. */
export async function revokeApiKey(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream'>,
  { orgId, keyId }: { orgId: string; keyId: string },
): Promise<ApiKeyView> {
  const row = await commitAndPublish(deps, async (tx) => {
    const disabled = await tx.apiKeys.disable(orgId, keyId)
    if (!disabled) throw new AppError('not_found', { publicMessage: 'There is no such key in this organisation.' })
    await recordControlChange(tx.control, { apiKeyIds: [keyId] })
    return disabled
  })
  return viewOf(row, undefined)
}

function viewOf(row: ApiKeyListRow, lastUsed: Date | undefined): ApiKeyView {
  return {
    id: row.id,
    name: row.name ?? 'Unnamed',
    start: row.start ?? PREFIX,
    enabled: row.enabled,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: lastUsed?.getTime() ?? null,
  }
}
