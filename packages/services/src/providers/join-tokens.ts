/** One-time tokens that admit a node. Only the SHA-256 of a token is kept; the token itself is shown once. */
import { createHash, randomBytes } from 'node:crypto'
import { AppError, newId, type Prices } from '@isochrone/domain'
import type { DataPolicy, Tier } from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ControlPlaneRepositories } from '../ports/control-plane-store.ts'
import type { JoinTokenRow } from '../ports/rows.ts'
import type { CreatedJoinToken, JoinTokenView } from '../queries/views/providers.ts'
import { noPromises, pricesFromJson, pricesToJson, type Promises, type RentalJson } from './terms.ts'

const HOUR_MS = 3_600_000

export function joinTokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex')
}

/** Of a database or of one transaction of it. */
interface Deps {
  store: Pick<ControlPlaneRepositories, 'providers'>
  clock: ControlPlaneDeps['clock']
}

export async function createJoinToken(
  { store, clock }: Deps,
  input: {
    providerId: string
    userId: string
    nodeName: string
    region: string
    country: string
    /** `regional` when left out. */
    tier?: Tier
    /** `any` when left out: nothing is promised. */
    dataPolicy?: DataPolicy
    prices: Prices
    /** Nothing may be leased when left out. */
    rental?: RentalJson
    /** None when left out. */
    promises?: Promises
    expiresInHours: number
  },
): Promise<CreatedJoinToken> {
  const token = `isojoin_${randomBytes(24).toString('base64url')}`
  const row = await store.providers.insertJoinToken({
    id: newId('join'),
    tokenHash: joinTokenHash(token),
    providerId: input.providerId,
    nodeName: input.nodeName,
    region: input.region,
    country: input.country,
    tier: input.tier ?? 'regional',
    dataPolicy: input.dataPolicy ?? 'any',
    prices: { ...pricesToJson(input.prices), ...input.rental },
    promises: input.promises ?? noPromises,
    expiresAt: new Date(clock.nowMs() + input.expiresInHours * HOUR_MS),
    createdBy: input.userId,
  })
  return { token, joinToken: viewOf(row, clock.nowMs()) }
}

/** Newest first. */
export async function listJoinTokens(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { providerId }: { providerId: string },
): Promise<JoinTokenView[]> {
  return (await store.providers.joinTokens(providerId)).map((row) => viewOf(row, clock.nowMs()))
}

/** Idempotent. `not_found` for another provider's token, `state_conflict` for one that was used. */
export async function revokeJoinToken(
  { store, clock }: Deps,
  { providerId, joinTokenId }: { providerId: string; joinTokenId: string },
): Promise<JoinTokenView> {
  const row = await store.providers.expireJoinToken(providerId, joinTokenId)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such join token.' })
  if (row.usedAt) throw new AppError('state_conflict', { publicMessage: 'This token was used: its node has joined.' })
  return viewOf(row, clock.nowMs())
}

function viewOf(row: JoinTokenRow, nowMs: number): JoinTokenView {
  return {
    id: row.id,
    nodeName: row.nodeName,
    region: row.region,
    country: row.country,
    tier: row.tier,
    dataPolicy: row.dataPolicy,
    prices: pricesFromJson(row.prices),
    status: statusOf(row, nowMs),
    usedByNodeId: row.usedByNodeId,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
  }
}

function statusOf(row: JoinTokenRow, nowMs: number): JoinTokenView['status'] {
  if (row.usedAt) return 'used'
  if (row.expiresAt < row.createdAt) return 'revoked'
  return row.expiresAt.getTime() <= nowMs ? 'expired' : 'open'
}
