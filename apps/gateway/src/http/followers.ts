/**
 * Places of those who follow background responses at a gateway: bounded in all, and a part of it by organisation, so that one
 * that opens streams without end leaves places to all others.
 */
import { AppError } from '@isochrone/domain'

export interface Followers {
  /**
   * Takes a place; the result gives it back, once. Throws `rate_limited` where the organisation has all of its own, and
   * `capacity_unavailable` where there is none left at all.
   */
  enter(orgId: string): () => void
}

export interface FollowersOptions {
  max?: number
  /** Of one organisation: never more than half of all. */
  perOrgMax?: number
}

const FOLLOWERS_MAX = 512
const OF_ONE_ORGANISATION_MAX = 32
/** A place comes free when a stream ends: soon, and nobody knows when. */
const RETRY_AFTER_S = 5

export function createFollowers({
  max = FOLLOWERS_MAX,
  perOrgMax = OF_ONE_ORGANISATION_MAX,
}: FollowersOptions = {}): Followers {
  const ofOneMax = Math.max(1, Math.min(perOrgMax, Math.floor(max / 2)))
  const countOf = new Map<string, number>()
  let all = 0
  return {
    enter(orgId) {
      const count = countOf.get(orgId) ?? 0
      if (count >= ofOneMax) {
        throw new AppError('rate_limited', {
          publicMessage: `Your organisation may follow ${ofOneMax} background responses at once at a gateway; wait for one to end, or poll.`,
          retryAfterS: RETRY_AFTER_S,
        })
      }
      if (all >= max) {
        const publicMessage = 'Too many streams follow background responses here. Poll it, or come again.'
        throw new AppError('capacity_unavailable', { publicMessage, retryAfterS: 1 })
      }
      countOf.set(orgId, count + 1)
      all++
      let isInside = true
      return () => {
        if (!isInside) return
        isInside = false
        all--
        const left = (countOf.get(orgId) ?? 1) - 1
        if (left > 0) countOf.set(orgId, left)
        else countOf.delete(orgId)
      }
    },
  }
}
