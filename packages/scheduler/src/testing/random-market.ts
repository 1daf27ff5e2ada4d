/**
 * Random offers, reports, outcomes and requests for the property tests, broken numbers included: whatever a provider or a
 * client may send. Everything comes from one generator, so a seed is a whole market.
 */
import type { Prng } from '@isochrone/domain'
import {
  dataPolicies,
  tiers,
  trustLevels,
  type AttemptOutcome,
  type ReplicaOffer,
  type ReplicaReport,
} from '../offer.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'

const BROKEN = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 1e300]

export const oneOf = <T>(rng: Prng, values: readonly T[]): T => values[rng.below(values.length)] as T
export const chance = (rng: Prng, share: number): boolean => rng.unit() < share
/** A number in [0, max), sometimes a broken one. */
export const messy = (rng: Prng, max: number): number => (chance(rng, 0.03) ? oneOf(rng, BROKEN) : rng.unit() * max)
const messyWhole = (rng: Prng, max: number): number => (chance(rng, 0.03) ? oneOf(rng, BROKEN) : rng.below(max))

const places = [
  { country: 'DE', region: 'eu-de' },
  { country: 'FR', region: 'eu-fr' },
  { country: 'US', region: 'us-east' },
  /** Says that it is in Germany by name alone. */
  { country: 'US', region: 'eu-de' },
  { country: '', region: 'eu-de' },
  { country: 'IN', region: 'in-1' },
] as const
const regions = ['DE', 'FR', 'US', 'IN', 'eu-de', 'us-east', 'DE/eu-de', 'US/eu-de', 'JP']
const gpuClasses = ['H200', 'B200', 'CPU'] as const
const builds = ['0xa', '0xb'] as const

export function randomOffer(rng: Prng, n: number): ReplicaOffer {
  const price = (): number => messyWhole(rng, 8) * 100_000
  return {
    nodeId: `node_${n}`,
    providerId: `prv_${n % 7}`,
    modelHash: oneOf(rng, builds),
    failureDomain: `dc-${rng.below(12)}`,
    ...oneOf(rng, places),
    tier: oneOf(rng, tiers),
    gpuClass: oneOf(rng, gpuClasses),
    trust: oneOf(rng, trustLevels),
    dataPolicy: oneOf(rng, dataPolicies),
    contextTokensMax: chance(rng, 0.03) ? oneOf(rng, BROKEN) : 1_024 << rng.below(6),
    prices: { inPerMtok: price(), cachedPerMtok: price(), outPerMtok: price(), inPerGb: price(), outPerGb: price() },
    concurrencyMax: messyWhole(rng, 16),
    prior: chance(rng, 0.3)
      ? undefined
      : {
          baseMs: messy(rng, 100),
          prefillMsPerToken: messy(rng, 0.2),
          tpotBaseMs: messy(rng, 20),
          tpotPerStreamMs: messy(rng, 1),
          tpotPerStreamTokenMs: messy(rng, 0.001),
        },
  }
}

export function randomReport(rng: Prng, nowMs: number): ReplicaReport {
  const streams = messyWhole(rng, 12)
  return {
    atMs: chance(rng, 0.02) ? oneOf(rng, BROKEN) : nowMs - rng.below(chance(rng, 0.1) ? 20_000 : 1_500),
    activeStreams: streams,
    queuedStreams: messyWhole(rng, 3),
    ownStreams: messyWhole(rng, 4),
    draining: chance(rng, 0.03),
    prefillTokens: chance(rng, 0.2) ? undefined : messyWhole(rng, 20_000),
    ownPrefillTokens: chance(rng, 0.2) ? undefined : messyWhole(rng, 5_000),
    contextTokens: chance(rng, 0.2) ? undefined : messyWhole(rng, 8_000),
  }
}

export function randomOutcome(rng: Prng): AttemptOutcome {
  const answered = chance(rng, 0.9)
  return {
    kind: oneOf(rng, ['finished', 'finished', 'finished', 'failed', 'refused', 'cancelled'] as const),
    tokensIn: messyWhole(rng, 8_000),
    tokensCached: messyWhole(rng, 2_000),
    tokensOut: messyWhole(rng, 800),
    concurrency: messyWhole(rng, 16),
    contextTokens: messyWhole(rng, 8_000),
    engineTtftMs: answered ? messy(rng, 2_000) : null,
    tpotMs: answered ? messy(rng, 80) : null,
  }
}

const subset = <T>(rng: Prng, values: readonly T[]): T[] => values.filter(() => chance(rng, 0.4))
/** Nothing said in most cases, so that constraints meet alone and together. */
const cap = (rng: Prng, scale: number): number | null => (chance(rng, 0.6) ? null : rng.below(9) * scale)

export function randomPolicy(rng: Prng): RoutingPolicy {
  return {
    valueOfSecondMicroUsd: oneOf(rng, [0, 10, 1_000, 100_000]),
    valueOfGenerationSecondMicroUsd: oneOf(rng, [0, 200, 10_000]),
    maxPrice: { inPerMtok: cap(rng, 100_000), outPerMtok: cap(rng, 100_000), requestMicroUsd: cap(rng, 400) },
    ttftSloMs: oneOf(rng, [1, 200, 2_000, 60_000]),
    tpotSloMs: oneOf(rng, [1, 30, 100, 1_000]),
    admission: oneOf(rng, ['slack', 'capacity', 'capacity'] as const),
    regions: chance(rng, 0.5) ? null : subset(rng, regions),
    exclude: chance(rng, 0.6) ? [] : [`prv_${rng.below(7)}`, `node_${rng.below(60)}`, 'node_unknown'],
    minTrust: oneOf(rng, ['claimed', 'claimed', ...trustLevels] as const),
    dataPolicy: oneOf(rng, ['any', 'any', ...dataPolicies] as const),
    gpuClasses: chance(rng, 0.6) ? null : subset(rng, gpuClasses),
    allowFallbacks: chance(rng, 0.8),
  }
}

/** Chains of prefix blocks in a small tree: prompts often share a beginning. */
export function randomPrefix(rng: Prng): number[] {
  const hashes: number[] = []
  let hash = 1
  for (let block = rng.below(5); block > 0; block--) hashes.push((hash = hash * 3 + rng.below(3)))
  return hashes
}

export function randomRequest(rng: Prng, policy: RoutingPolicy, n: number): PlacementRequest {
  const tokensOutMax = 1 + rng.below(1_000)
  return {
    requestId: `req_${n}`,
    modelHash: chance(rng, 0.2) ? oneOf(rng, builds) : null,
    tokensIn: rng.below(chance(rng, 0.1) ? 40_000 : 2_000),
    tokensOutMax,
    tokensOutExpected: chance(rng, 0.1) ? 0 : rng.below(tokensOutMax) + 1,
    bytesIn: rng.below(10_000),
    ...(rng.below(2) === 0 ? {} : { tokensInMax: rng.below(100_000) }),
    prefixHashes: chance(rng, 0.5) ? [] : randomPrefix(rng),
    prefixBlockTokens: 256,
    policy,
    excludeNodeIds: chance(rng, 0.8) ? [] : [`node_${rng.below(60)}`, 'node_gone'],
  }
}
