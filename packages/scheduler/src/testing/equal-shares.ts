/** Offers that differ in name and fate alone, among others or by themselves, and how evenly decisions fall on them. */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { decide } from '../decide/decide.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { below, drawnSeed, named, soundOffer, type NamelessOffer } from './arbitraries.ts'

export interface EqualMarket {
  seed: number
  offer: NamelessOffer
  copies: number
  tokensIn: number
  tokensOutMax: number
}

export const anyEqualMarket = (copies: { min: number; max: number }): fc.Arbitrary<EqualMarket> =>
  fc.record(
    {
      seed: drawnSeed,
      offer: soundOffer,
      copies: fc.integer(copies),
      tokensIn: below(500),
      tokensOutMax: fc.integer({ min: 1, max: 500 }),
    },
    { noNullPrototype: true },
  )

const open: RoutingPolicy = {
  valueOfSecondMicroUsd: 1_000,
  valueOfGenerationSecondMicroUsd: 0,
  maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
  ttftSloMs: 60_000,
  tpotSloMs: 1_000,
  admission: 'capacity',
  regions: null,
  exclude: [],
  minTrust: 'claimed',
  dataPolicy: 'any',
  gpuClasses: null,
  allowFallbacks: true,
}

/** How often each of the equal offers was chosen. Throws where nothing was placed. */
export function sharesOf({ seed, offer, copies, tokensIn, tokensOutMax }: EqualMarket, decisions: number): number[] {
  const rng = prng(seed)
  const pool = createReplicaPool()
  const counts = new Map<number, number>()
  for (let n = 0; n < copies; n++) {
    // Names decide nothing but the order in which equals stand.
    const equal = { ...named(offer, n), nodeId: `node_${rng.uint32()}_${n}`, failureDomain: `dc-${n}` }
    counts.set(pool.upsert(equal), 0)
  }
  const request: PlacementRequest = {
    requestId: 'req',
    modelHash: null,
    tokensIn,
    tokensOutMax,
    tokensOutExpected: tokensOutMax,
    bytesIn: 4 * tokensIn,
    prefixHashes: [],
    prefixBlockTokens: 256,
    policy: open,
    excludeNodeIds: [],
  }
  for (let n = 0; n < decisions; n++) {
    const decision = decide(pool, request, rng, 1_700_000_000_000)
    if (decision.kind === 'none') throw new Error(`nothing placed on ${copies} equal offers`)
    counts.set(decision.slot, (counts.get(decision.slot) ?? 0) + 1)
  }
  return [...counts.values()]
}

/** Pearson's χ² of the counts against equal shares: about as large as its degrees of freedom when shares are equal. */
export function chiSquareOf(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** Natural logarithm of how seldom equal shares may be taken for unequal ones. */
const SURPRISE = 25

/**
 * What χ² exceeds once in e²⁵ where shares are equal and draws independent (Laurent and Massart, *Adaptive estimation of a
 * quadratic functional by model selection*, 2000, lemma 1).
 */
export const chiSquareMost = (freedom: number): number => freedom + 2 * Math.sqrt(freedom * SURPRISE) + 2 * SURPRISE
