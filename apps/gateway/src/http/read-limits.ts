/**
 * How often a caller may ask for what is kept: jobs, background responses, files, batches, and the list of models. None of it
 * waits for a node, and most of it asks Postgres, which all callers share.
 *
 * By organisation and by key, as requests are; at each gateway for itself. Generous: it is for those that ask without a pause.
 */
import { AppError, type Clock } from '@isochrone/domain'
import { createRateBuckets } from '../requests/limits/rate-buckets.ts'

export interface ReadLimits {
  /** Throws `rate_limited` with when to try again; counts nothing then. */
  take(orgId: string, keyId: string): void
}

export interface ReadLimitsOptions {
  orgPerMinuteMax?: number
  keyPerMinuteMax?: number
}

const OF_ORGANISATION_PER_MINUTE = 6_000
const OF_KEY_PER_MINUTE = 3_000

export function createReadLimits(clock: Clock, options: ReadLimitsOptions = {}): ReadLimits {
  const { orgPerMinuteMax = OF_ORGANISATION_PER_MINUTE, keyPerMinuteMax = OF_KEY_PER_MINUTE } = options
  const buckets = createRateBuckets(clock)
  return {
    take(orgId, keyId) {
      const all = [
        { noun: 'organisation', bucket: buckets.of(`org ${orgId}`, orgPerMinuteMax, 1) },
        { noun: 'key', bucket: buckets.of(`key ${keyId}`, keyPerMinuteMax, 1) },
      ]
      for (const { noun, bucket } of all) {
        const waitMs = bucket.waitMs(1)
        if (waitMs <= 0) continue
        const waitS = Math.ceil(waitMs / 1_000)
        throw new AppError('rate_limited', {
          publicMessage: `Your ${noun} may ask a gateway ${bucket.limit} times a minute for jobs, responses, files, batches and models; try again in ${waitS} s.`,
          retryAfterS: waitS,
        })
      }
      for (const { bucket } of all) bucket.take(1)
    },
  }
}
