/**
 * What a key and its organisation may ask of this gateway: requests and tokens a minute (buckets that hold one minute)
 * and requests at once.
 *
 * Each gateway counts its own. Where several serve one organisation, `shareOf` says which part of a limit is this one's
 * now: with shares that add up to one, all of them together exceed a limit by at most what one interval of shares lets
 * through, and of requests at once by one for each gateway, which may always have one. Nothing here waits: money is what holds
 * exactly, these hold closely.
 */
import { AppError, type Clock } from '@isochrone/domain'
import type { ApiKeyState, OrganisationState } from '@isochrone/protocol'
import { createRateBuckets, type RateBucket } from './rate-buckets.ts'

export type LimitedKey = Pick<ApiKeyState, 'keyId' | 'requestsPerMinuteMax' | 'tokensPerMinuteMax'>
export type LimitedOrganisation = Pick<
  OrganisationState,
  'orgId' | 'requestsPerMinuteMax' | 'tokensPerMinuteMax' | 'concurrentRequestsMax'
>

/** One request that was counted in. */
export interface Admission {
  /**
   * Counts its tokens at their most; where `least` is given, at what is left of the limits, between the two. Throws `rate_limited`;
   * the request stays counted.
   */
  takeTokens(tokens: number, least?: number): void
  /** What it really used: the rest is given back. Only the first call counts. */
  usedTokens(tokens: number): void
  /** `x-ratelimit-…` as OpenAI has them; of two limits the one that is nearer. */
  headers(): Record<string, string>
  /** It is over. Only the first call counts. */
  leave: () => void
}

export interface RequestLimits {
  /** Counts a request in, before its body is read. Throws `rate_limited` with when to try again. */
  enter(organisation: LimitedOrganisation, key?: LimitedKey | null): Admission
  /** Counts a request in that no limit holds for: a queued job, a response that is followed. Call the result once when it is over. */
  join(): () => void
  /** Requests under way, all organisations. */
  active(): number
  /** Part of a limit that runs here, 0 to 1: of a subject whose share is of requests at once. */
  partInUse(subjectId: string): number
}

export interface RequestLimitsOptions {
  /**
   * Part of a limit that this gateway may hand out now, 0 to 1: of a key's or an organisation's rates by its id, of an organisation's
   * requests at once by {@link atOnceOf}. Default: all of it.
   */
  shareOf?: (subjectId: string) => number
}

/** Of one organisation or key; null where nothing is limited. */
interface Limited {
  noun: 'organisation' | 'key'
  requests: RateBucket | null
  tokens: RateBucket | null
}

/** The subject of an organisation's requests at once. They last, so their shares are leased apart from those of its rates. */
export const atOnceOf = (orgId: string): string => `${orgId} at once`

interface Running {
  count: number
  /** The organisation's limit, all gateways together. */
  max: number
}

export function createRequestLimits(clock: Clock, { shareOf = () => 1 }: RequestLimitsOptions = {}): RequestLimits {
  const buckets = createRateBuckets(clock)
  const runningOf = new Map<string, Running>()
  let active = 0

  function limitedOf(
    noun: Limited['noun'],
    id: string,
    perMinute: Pick<LimitedKey, 'requestsPerMinuteMax' | 'tokensPerMinuteMax'>,
  ): Limited {
    const requests = perMinute.requestsPerMinuteMax ?? null
    const tokens = perMinute.tokensPerMinuteMax ?? null
    if (requests === null && tokens === null) return { noun, requests: null, tokens: null }
    const share = shareOf(id)
    return {
      noun,
      requests: requests === null ? null : buckets.of(`${id} requests`, requests, share),
      tokens: tokens === null ? null : buckets.of(`${id} tokens`, tokens, share),
    }
  }

  function countIn(orgId: string, max: number): () => void {
    const subject = atOnceOf(orgId)
    const here = max <= 0 ? 0 : Math.max(1, Math.floor(max * Math.min(1, shareOf(subject))))
    const running = runningOf.get(subject) ?? { count: 0, max }
    if (running.count >= here) {
      const now = here < max ? ` This gateway has ${here} of them now.` : ''
      throw new AppError('rate_limited', {
        publicMessage: `Your organisation may have ${max} requests under way at once; wait for one to end.${now}`,
        retryAfterS: 1,
      })
    }
    runningOf.set(subject, running)
    running.count++
    running.max = max
    active++
    return once(() => {
      active--
      if (--running.count === 0) runningOf.delete(subject)
    })
  }

  return {
    enter(organisation, key = null) {
      const limited = [limitedOf('organisation', organisation.orgId, organisation)]
      if (key) limited.push(limitedOf('key', key.keyId, key))
      const leave = countIn(organisation.orgId, organisation.concurrentRequestsMax)
      try {
        takeAll(limited, 'requests', 1)
      } catch (error) {
        leave()
        throw error
      }
      let held = 0
      return {
        takeTokens(tokens, least = tokens) {
          const taken = Math.max(least, Math.min(tokens, leftOf(limited)))
          takeAll(limited, 'tokens', taken)
          held += taken
        },
        usedTokens(tokens) {
          for (const each of limited) each.tokens?.giveBack(held - tokens)
          held = 0
        },
        headers: () => ({ ...headersOf(limited, 'requests'), ...headersOf(limited, 'tokens') }),
        leave() {
          for (const each of limited) each.tokens?.giveBack(held)
          held = 0
          leave()
        },
      }
    },
    join() {
      active++
      return once(() => active--)
    },
    active: () => active,
    partInUse(subjectId) {
      const running = runningOf.get(subjectId)
      return running ? Math.min(1, running.count / running.max) : 0
    },
  }
}

function once(leave: () => void): () => void {
  let inside = true
  return () => {
    if (inside) leave()
    inside = false
  }
}

/** Tokens of the nearest limit; infinitely many where there is none. */
function leftOf(limited: readonly Limited[]): number {
  let left = Number.POSITIVE_INFINITY
  for (const { tokens } of limited) if (tokens) left = Math.min(left, tokens.remaining)
  return left
}

/** All or none. A request of more tokens than a minute has is let in when the minute is whole: it would never be. */
function takeAll(limited: readonly Limited[], what: 'requests' | 'tokens', amount: number): void {
  for (const each of limited) {
    const bucket = each[what]
    const waitMs = bucket?.waitMs(amount) ?? 0
    if (!bucket || waitMs <= 0) continue
    bucket.promise(amount)
    const waitS = Math.ceil(waitMs / 1_000)
    throw new AppError('rate_limited', {
      publicMessage: `Your ${each.noun} may ${what === 'requests' ? `send ${bucket.limit} requests` : `use ${bucket.limit} tokens`} a minute; try again in ${waitS} s.`,
      retryAfterS: waitS,
      details: {
        waitMs,
        limited: what,
        headers: { ...headersOf(limited, 'requests'), ...headersOf(limited, 'tokens') },
      },
    })
  }
  for (const each of limited) each[what]?.take(amount)
}

function headersOf(limited: readonly Limited[], what: 'requests' | 'tokens'): Record<string, string> {
  let nearest: RateBucket | null = null
  for (const each of limited) {
    const bucket = each[what]
    if (bucket && (nearest === null || bucket.remaining < nearest.remaining)) nearest = bucket
  }
  if (nearest === null) return {}
  return {
    [`x-ratelimit-limit-${what}`]: String(nearest.limit),
    [`x-ratelimit-remaining-${what}`]: String(nearest.remaining),
    [`x-ratelimit-reset-${what}`]: durationText(nearest.resetMs),
  }
}

/** As OpenAI writes it: `6m0s`, `1.5s`, `20ms`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms))
  if (whole < 1_000) return `${whole}ms`
  const minutes = Math.floor(whole / 60_000)
  const seconds = Math.round((whole % 60_000) / 100) / 10
  return minutes > 0 ? `${minutes}m${Math.floor(seconds)}s` : `${seconds}s`
}
