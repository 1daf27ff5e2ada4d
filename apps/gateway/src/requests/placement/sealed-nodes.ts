/** Nodes that requests may be sealed to: those linked here with a key that stands, and which of them one is sealed to. */
import { AppError, type Clock } from '@isochrone/domain'
import type { SealingKey } from '@isochrone/protocol'
import type { NodeSession, Sessions } from '../../ports.ts'
import type { InferenceRequest } from '../read/parse-request.ts'

export interface SealingNode {
  session: NodeSession
  key: SealingKey
}

/** The session with the key that stands longest; undefined where it opens nothing now. */
export function sealingNodeOf(session: NodeSession, nowMs: number): SealingNode | undefined {
  const standing = (session.sealingKeys ?? []).filter((key) => stands(key, nowMs))
  const key = standing.reduce<SealingKey | undefined>(
    (best, each) => (best && best.notAfterMs >= each.notAfterMs ? best : each),
    undefined,
  )
  return key && { session, key }
}

/**
 * Whom a sealed request is sealed to, of those linked here; null for one that is not sealed. Throws `invalid_input` where
 * there is nobody who could open it.
 */
export function sealedToOf(
  { sessions, clock }: { sessions: Sessions; clock: Clock },
  { sealed, model }: InferenceRequest,
): SealingNode[] | null {
  if (!sealed) return null
  const nowMs = clock.nowMs()
  const keys = new Set(sealed.keys)
  const found = sessions.all().flatMap((session) => {
    const key = session.sealingKeys?.find((each) => keys.has(each.publicKey) && stands(each, nowMs))
    return key && session.models.some((served) => served.model === model) ? [{ session, key }] : []
  })
  if (found.length > 0) return found
  throw new AppError('invalid_input', {
    publicMessage: `No node that serves ${model} here has a key that this request is sealed to. Ask for the keys again.`,
    field: 'sealed',
    details: { reason: 'sealed_key_unknown' },
  })
}

const stands = ({ notBeforeMs, notAfterMs }: SealingKey, nowMs: number): boolean =>
  notBeforeMs <= nowMs && nowMs < notAfterMs
