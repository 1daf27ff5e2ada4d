/** The token that the marketplace's own processes and its operators have. */
import { hash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@isochrone/domain'

/** Throws `unauthenticated` for another one. Compares digests, so that neither content nor length shows in the time it takes. */
export function requireInternalToken(authorization: string | undefined, token: string): void {
  const given = hash('sha256', authorization ?? '', 'buffer')
  const wanted = hash('sha256', `Bearer ${token}`, 'buffer')
  if (!timingSafeEqual(given, wanted)) {
    throw new AppError('unauthenticated', { publicMessage: 'This route is for the marketplace itself.' })
  }
}
