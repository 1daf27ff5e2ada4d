/**
 * Requests to bench placement with: 240 policies of all kinds, the first tenth of which makes a third of the requests,
 * prompts of all lengths, and a third of them in conversations.
 */
import type { Prng } from '@isochrone/domain'
import { dataPolicies, trustLevels, type PlacementRequest, type RoutingPolicy } from '@isochrone/scheduler'
import { countries, gpuClasses, pick } from './fleet.ts'

const POLICIES = 240
const CONVERSATIONS = 2_000
const BLOCK_TOKENS = 64
const NO_HASHES: readonly number[] = []

function makePolicy(rng: Prng): RoutingPolicy {
  const chance = (share: number): boolean => rng.unit() < share
  const place = rng.unit()
  const first = rng.below(countries.length - 25)
  return {
    valueOfSecondMicroUsd: pick([0, 0, 50, 500, 5_000], rng),
    valueOfGenerationSecondMicroUsd: pick([0, 0, 0, 100], rng),
    maxPrice: {
      inPerMtok: chance(0.15) ? 100_000 + rng.below(400_000) : null,
      outPerMtok: chance(0.2) ? 400_000 + rng.below(1_500_000) : null,
      requestMicroUsd: chance(0.1) ? 500 + rng.below(5_000) : null,
    },
    ttftSloMs: pick([500, 1_000, 2_000], rng),
    tpotSloMs: pick([50, 50, 100], rng),
    admission: pick(['slack', 'capacity'], rng),
    regions:
      place < 0.45
        ? null
        : place < 0.7
          ? countries.slice(first, first + 25)
          : place < 0.95
            ? [pick(countries, rng)]
            : [`${pick(countries, rng).toLowerCase()}-1`, pick(countries, rng)],
    exclude: chance(0.05) ? [`0xp${rng.below(100).toString(16).padStart(39, '0')}`, `0x${'0'.repeat(38)}1f`] : [],
    minTrust: chance(0.6) ? 'claimed' : pick(trustLevels, rng),
    dataPolicy: chance(0.6) ? 'any' : pick(dataPolicies, rng),
    gpuClasses: chance(0.8) ? null : [pick(gpuClasses, rng), pick(gpuClasses, rng)],
    allowFallbacks: chance(0.95),
  }
}

/** `count` requests, drawn before anything is timed. */
export function makeRequests(count: number, rng: Prng): PlacementRequest[] {
  const policies = Array.from({ length: POLICIES }, () => makePolicy(rng))
  return Array.from({ length: count }, (_, i) => {
    const known = policies[Math.floor(POLICIES * rng.unit() ** 2)] as RoutingPolicy
    const tokensIn = Math.floor(20 * 400 ** rng.unit())
    const tokensOutMax = 1 << (5 + rng.below(6))
    return {
      requestId: `req_${i}`,
      modelHash: rng.unit() < 0.03 ? '0xaa' : null,
      tokensIn,
      tokensOutMax,
      tokensOutExpected: Math.max(1, tokensOutMax >> 1),
      bytesIn: tokensIn * 4,
      prefixHashes: rng.unit() < 0.33 ? hashesOf(Math.floor(CONVERSATIONS * rng.unit() ** 3), tokensIn) : NO_HASHES,
      prefixBlockTokens: BLOCK_TOKENS,
      // A policy that came with the request is an object of its own, equal in content to one that was seen before.
      policy: rng.unit() < 0.1 ? { ...known } : known,
      excludeNodeIds: rng.unit() < 0.02 ? [`0x${rng.below(1_000).toString(16).padStart(40, '0')}`] : [],
    }
  })
}

const hashesOf = (conversation: number, tokensIn: number): number[] =>
  Array.from({ length: Math.floor(tokensIn / BLOCK_TOKENS) }, (_, block) => conversation * 65_536 + block + 1)
