/** A pool of sound offers of which every metric may be missing, zero, no number or stale: somebody must still serve. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { decide } from '../decide/decide.ts'
import type { AttemptOutcome } from '../offer.ts'
import type { RoutingPolicy } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import {
  anyAsk,
  anyRtt,
  broken,
  drawnSeed,
  named,
  policyWith,
  requestOf,
  soundOffer,
  type Ask,
  type NamelessOffer,
} from './arbitraries.ts'
import { listOf } from './market.ts'

const NOW_MS = 1_700_000_000_000
const plain = { noNullPrototype: true } as const

interface Broken {
  offer: NamelessOffer
  /** One figure of the curve that its hardware is said to have, or none. */
  prior: number | undefined
  ageMs: number
  metrics: (number | undefined)[]
  rttMs: number | null
  outcome: AttemptOutcome | null
}

export interface BrokenMarket {
  replicas: Broken[]
  policy: RoutingPolicy
  asks: { ask: Ask; seed: number }[]
}

const absent = fc.constant(undefined)
const metric = fc.oneof(broken, absent)

const outcome: fc.Arbitrary<AttemptOutcome> = fc.record(
  {
    kind: fc.constant('finished'),
    tokensIn: broken,
    tokensCached: broken,
    tokensOut: broken,
    concurrency: broken,
    contextTokens: broken,
    engineTtftMs: fc.oneof(broken, fc.constant(null)),
    tpotMs: fc.oneof(broken, fc.constant(null)),
  },
  plain,
)

const replica: fc.Arbitrary<Broken> = fc.record(
  {
    offer: soundOffer,
    prior: metric,
    ageMs: fc.constantFrom(0, 500, 60_000, 86_400_000, Number.NaN, Number.NEGATIVE_INFINITY),
    metrics: fc.array(metric, { minLength: 7, maxLength: 7 }),
    rttMs: anyRtt,
    outcome: fc.option(outcome, { freq: 2 }),
  },
  plain,
)

export const anyBrokenMarket = (replicas: number): fc.Arbitrary<BrokenMarket> =>
  fc.record(
    {
      replicas: listOf(replica, replicas),
      policy: policyWith(1_000_000),
      asks: listOf(fc.record({ ask: anyAsk, seed: drawnSeed }, plain), 300),
    },
    plain,
  )

/** Returns the decisions made. Throws where nobody was found to serve, though every provider is up and open. */
export function checkBrokenMetrics({ replicas, policy, asks }: BrokenMarket): number {
  const pool = createReplicaPool()
  replicas.forEach(({ offer, prior, ageMs, metrics, rttMs, outcome }, n) => {
    const curve =
      offer.prior && prior !== undefined ? { ...offer.prior, tpotPerStreamMs: prior, baseMs: prior } : undefined
    const slot = pool.upsert({ ...named(offer, n), prior: curve, contextTokensMax: 1 << 20 })
    const [activeStreams, queuedStreams, ownStreams, prefillTokens, ownPrefillTokens, contextTokens, pace] = metrics
    const report = { activeStreams, queuedStreams, ownStreams, prefillTokens, ownPrefillTokens, contextTokens, pace }
    // What a node sends may lack what the type demands.
    pool.report(slot, { ...report, atMs: NOW_MS - ageMs, draining: false } as Parameters<typeof pool.report>[1])
    pool.setRtt(slot, rttMs)
    if (!outcome) return
    const work = { tokensIn: 100, tokensCached: 0, tokensOut: 100 }
    pool.opened(slot, work)
    pool.closed(slot, work, outcome, NOW_MS)
  })
  // Wide enough for every sound replica: what is left to be in the way is the metrics.
  const wide: RoutingPolicy = { ...policy, admission: 'capacity', exclude: [], maxPrice: nothingCapped }
  for (const { ask, seed } of asks) {
    const request = { ...requestOf(ask, wide, 0), modelHash: null, excludeNodeIds: [] }
    const decision = decide(pool, request, prng(seed), NOW_MS)
    if (decision.kind === 'none') throw new Error(`nothing placed (${decision.reason}) on ${replicas.length} replicas`)
  }
  return asks.length
}

const nothingCapped = { inPerMtok: null, outPerMtok: null, requestMicroUsd: null }
