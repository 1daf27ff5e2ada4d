/**
 * API keys of an organisation. The secret is shown once; what is kept is its SHA-256 as base64url, which is how
 * better-auth's api-key plugin hashes too and what gateways compare.
 */
import { createHash, randomBytes } from 'node:crypto'
import { AppError, invariant, newId } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneRepositories, ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { ApiKeyListRow } from '../ports/rows.ts'
import type { ApiKeyView, CreatedApiKey, NewKeyBudget } from '../queries/views/money.ts'
import { keySpending } from './key-spending.ts'

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

export async function listApiKeys(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { orgId }: { orgId: string },
): Promise<ApiKeyView[]> {
  return viewsOf(store, await store.apiKeys.list(orgId), clock.nowMs(), await store.apiKeys.lastUsed(orgId))
}

export interface NewApiKey {
  orgId: string
  name: string
  expiresInDays: number | null
  budget?: NewKeyBudget | null
}

type CreateDeps = Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock' | 'tellKeyBudgets'>

/** @param secret chosen by the caller for demonstration data; fresh otherwise. */
export async function createApiKey(
  deps: CreateDeps,
  input: NewApiKey & { secret?: string },
): Promise<{ key: ApiKeyView; secret: string }> {
  const secret = input.secret ?? newApiKeySecret()
  const row = await mintKey(deps, input, { secret, formKey: null })
  if (!row) throw new AppError('internal', { publicMessage: 'The key was not stored.' })
  return { key: await viewOf(deps, row), secret }
}

/**
 * A key for each `key` of a form: whoever asks again has lost the answer, and with it the secret, of which only the hash is kept.
 * They are told which key it is and get no secret, whatever they ask for now; nothing is made, changed or brought back.
 */
export async function createApiKeyOnce(deps: CreateDeps, input: NewApiKey & { key: string }): Promise<CreatedApiKey> {
  const { apiKeys } = deps.store
  const known = async () => {
    const row = await apiKeys.byFormKey(input.orgId, input.key)
    return row && { key: await viewOf(deps, row), secret: null }
  }
  const earlier = await known()
  if (earlier) return earlier
  const secret = newApiKeySecret()
  const row = await mintKey(deps, input, { secret, formKey: input.key })
  // Null: of two at the same time the other one was quicker, and its answer has the secret.
  const made = row ? { key: await viewOf(deps, row), secret } : await known()
  if (!made) throw new AppError('internal', { publicMessage: 'The key was not stored.' })
  return made
}

/** Null where the form has made one already. */
async function mintKey(
  deps: CreateDeps,
  { orgId, name, expiresInDays, budget }: NewApiKey,
  { secret, formKey }: { secret: string; formKey: string | null },
): Promise<ApiKeyListRow | null> {
  const keyId = newId('key')
  const work = async (tx: ControlPlaneRepositories): Promise<ApiKeyListRow | null> => {
    const enabled = (await tx.apiKeys.list(orgId)).filter((key) => key.enabled)
    if (enabled.length >= KEYS_MAX) {
      throw new AppError('state_conflict', {
        publicMessage: `An organisation has at most ${KEYS_MAX} active keys. Revoke one first.`,
      })
    }
    const inserted = await tx.apiKeys.insert({
      id: keyId,
      orgId,
      name,
      start: secret.slice(0, SHOWN_CHARACTERS),
      prefix: PREFIX,
      keyHash: apiKeyHash(secret),
      expiresAt: expiresInDays === null ? null : new Date(deps.clock.nowMs() + expiresInDays * DAY_MS),
      formKey,
    })
    if (!inserted) return null
    if (budget) await tx.apiKeys.setBudget(keyId, budget)
    await recordControlChange(tx.control, { apiKeyIds: [keyId] })
    return inserted
  }
  return commitAndPublish(deps, work, () => (budget ? deps.tellKeyBudgets?.([keyId]) : undefined))
}

/** Final and idempotent: gateways refuse the key within a second. `not_found` for another organisation's key. */
export async function revokeApiKey(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock'>,
  { orgId, keyId }: { orgId: string; keyId: string },
): Promise<ApiKeyView> {
  const row = await commitAndPublish(deps, async (tx) => {
    const disabled = await tx.apiKeys.disable(orgId, keyId)
    if (!disabled) throw new AppError('not_found', { publicMessage: 'There is no such key in this organisation.' })
    await recordControlChange(tx.control, { apiKeyIds: [keyId] })
    return disabled
  })
  return viewOf(deps, row)
}

/** Of a key whose last use is not asked for. */
async function viewOf(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  row: ApiKeyListRow,
): Promise<ApiKeyView> {
  const [view] = await viewsOf(store, [row], clock.nowMs(), new Map())
  invariant(view, 'a row has a view')
  return view
}

async function viewsOf(
  store: ControlPlaneStore,
  rows: readonly ApiKeyListRow[],
  nowMs: number,
  lastUsed: ReadonlyMap<string, Date>,
): Promise<ApiKeyView[]> {
  const ids = rows.map(({ id }) => id)
  const spending = await keySpending(store, ids, nowMs)
  return rows.map((row) => ({
    id: row.id,
    name: row.name ?? 'Unnamed',
    start: row.start ?? PREFIX,
    enabled: row.enabled,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: lastUsed.get(row.id)?.getTime() ?? null,
    budget: spending.get(row.id)?.budget ?? null,
    spentThisMonthMicroUsd: spending.get(row.id)?.spentThisMonthMicroUsd ?? 0n,
  }))
}
