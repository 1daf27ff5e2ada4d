/**
 * API key → organisation, from memory. A key is known by the SHA-256 of its secret; the secret is kept nowhere.
 *
 * A caller whose residency this gateway is outside of is sent away here, by its headers alone: no body was read yet.
 */
import { hash } from 'node:crypto'
import { AppError } from '@isochrone/domain'
import type { ApiKeyState, OrganisationState } from '@isochrone/protocol'
import type { ControlView } from '../control/control-state.ts'
import { requireInside } from '../control/residency.ts'
import type { GatewayDeps } from './gateway-deps.ts'

export interface Caller {
  key: ApiKeyState
  organisation: OrganisationState
}

const KEY_LENGTH_MAX = 512

/**
 * Throws `unauthenticated` on a missing, unknown, disabled or expired key; all of them sound the same to a stranger. Throws
 * `misdirected` where this gateway stands outside the organisation's residency.
 */
export function authenticate(authorization: string | undefined, control: ControlView, nowMs: number): Caller {
  const secret = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (secret === undefined) {
    throw new AppError('unauthenticated', {
      publicMessage: 'No API key was given. Send it as "Authorization: Bearer YOUR_KEY".',
    })
  }
  const key = secret.length <= KEY_LENGTH_MAX ? control.keyByHash(hash('sha256', secret, 'base64url')) : undefined
  const organisation = key && control.organisation(key.orgId)
  const valid = key?.enabled === true && (key.expiresAtMs === null || key.expiresAtMs > nowMs)
  if (!valid || !organisation) {
    throw new AppError('unauthenticated', { publicMessage: 'This API key is not valid: unknown, revoked or expired.' })
  }
  requireInside(organisation, control.place, control.gateways())
  return { key, organisation }
}

/** Throws `capacity_unavailable` while this gateway may not serve: before the keys are loaded every key looks revoked. */
export function requireReady(deps: Pick<GatewayDeps, 'notReady'>): void {
  const why = deps.notReady()
  if (why === null) return
  throw new AppError('capacity_unavailable', { publicMessage: `This gateway ${why}.`, retryAfterS: 1 })
}
