/**
 * An organisation's limits at this gateway: requests per minute (a token bucket that holds one minute) and requests at
 * once. Each gateway counts its own; the money limit is the one that holds across gateways.
 */
import { AppError, type Clock } from '@isochrone/domain'
import type { OrganisationState } from '@isochrone/protocol'

export interface RequestLimits {
  /** Counts the request in; call the result once when it is over. Throws `rate_limited` with when to try again. */
  enter(organisation: OrganisationState): () => void
  /** Requests under way, all organisations. */
  active(): number
}

interface Counter {
  tokens: number
  refilledAtMs: number
  active: number
}

/** Organisations remembered at a time; idle ones with a full bucket are forgotten first. */
const COUNTERS_MAX = 10_000

export function createRequestLimits(clock: Clock): RequestLimits {
  const counters = new Map<string, Counter>()
  let active = 0

  function counterOf(orgId: string, requestsPerMinuteMax: number): Counter {
    const nowMs = clock.nowMs()
    let counter = counters.get(orgId)
    if (!counter) {
      if (counters.size >= COUNTERS_MAX) forgetIdle(counters)
      counter = { tokens: requestsPerMinuteMax, refilledAtMs: nowMs, active: 0 }
      counters.set(orgId, counter)
    }
    const refill = ((nowMs - counter.refilledAtMs) * requestsPerMinuteMax) / 60_000
    counter.tokens = Math.min(requestsPerMinuteMax, counter.tokens + refill)
    counter.refilledAtMs = nowMs
    return counter
  }

  return {
    enter({ orgId, requestsPerMinuteMax, concurrentRequestsMax }) {
      const counter = counterOf(orgId, requestsPerMinuteMax)
      if (counter.active >= concurrentRequestsMax) {
        throw new AppError('rate_limited', {
          publicMessage: `Your organisation may have ${concurrentRequestsMax} requests under way at once; wait for one to end.`,
          retryAfterS: 1,
        })
      }
      if (counter.tokens < 1) {
        const waitS = requestsPerMinuteMax > 0 ? Math.ceil(((1 - counter.tokens) * 60) / requestsPerMinuteMax) : 60
        throw new AppError('rate_limited', {
          publicMessage: `Your organisation may send ${requestsPerMinuteMax} requests a minute; try again in ${waitS} s.`,
          retryAfterS: waitS,
        })
      }
      counter.tokens -= 1
      counter.active++
      active++
      let inside = true
      return () => {
        if (!inside) return
        inside = false
        counter.active--
        active--
      }
    },
    active: () => active,
  }
}

function forgetIdle(counters: Map<string, Counter>): void {
  for (const [orgId, counter] of counters) {
    if (counter.active === 0) counters.delete(orgId)
    if (counters.size < COUNTERS_MAX / 2) return
  }
}
