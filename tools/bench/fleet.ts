/**
 * A market to bench placement on: sites of equal machines beside single hosts with prices of their own, in 60 countries,
 * three tiers, four GPU classes, twelve-fold prices. The cheaper a replica, the busier it starts; some are slow, full,
 * silent or draining.
 */
import type { Prng } from '@isochrone/domain'
import {
  dataPolicies,
  tiers,
  trustLevels,
  type EngineEstimate,
  type ReplicaOffer,
  type ReplicaPool,
} from '@isochrone/scheduler'

export const countries =
  'AE AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GR HK HR HU ID IE IL IN IS IT JP KE KR LT LU LV MA MX MY NG NL NO NZ PE PH PL PT QA RO SA SE SG SI SK TH TR US ZA'.split(
    ' ',
  )
export const gpuClasses = ['H100', 'H200', 'B200', 'L40S'] as const

const priors: Record<(typeof gpuClasses)[number], EngineEstimate> = {
  H100: { baseMs: 12, prefillMsPerToken: 0.045, tpotBaseMs: 11, tpotPerStreamMs: 0.4, tpotPerStreamTokenMs: 5e-5 },
  H200: { baseMs: 10, prefillMsPerToken: 0.0317, tpotBaseMs: 9, tpotPerStreamMs: 0.34, tpotPerStreamTokenMs: 4.3e-5 },
  B200: { baseMs: 8, prefillMsPerToken: 0.022, tpotBaseMs: 8, tpotPerStreamMs: 0.22, tpotPerStreamTokenMs: 2.1e-5 },
  L40S: { baseMs: 15, prefillMsPerToken: 0.12, tpotBaseMs: 18, tpotPerStreamMs: 0.9, tpotPerStreamTokenMs: 1e-4 },
}
const contexts = [8_192, 32_768, 131_072, 163_840] as const
/** Replicas that belong to sites of equal machines; the others are single hosts. */
const SITE_SHARE = 0.8
const SITE_SIZE = 25

export interface BenchReplica {
  offer: ReplicaOffer
  slot: number
  /** Streams of other gateways. */
  others: number
  silent: boolean
  draining: boolean
}

export function pick<T>(list: readonly T[], rng: Prng): T {
  return list[rng.below(list.length)] as T
}

/** Twelve-fold spread, log-uniform. */
const priceOut = (rng: Prng): number => Math.round(200_000 * 12 ** rng.unit())

export function makeOffer(n: number, site: number, rng: Prng): ReplicaOffer {
  const country = pick(countries, rng)
  const out = priceOut(rng)
  const gpuClass = pick(gpuClasses, rng)
  return {
    nodeId: `0x${n.toString(16).padStart(40, '0')}`,
    providerId: `0xp${(site >> 2).toString(16).padStart(39, '0')}`,
    modelHash: rng.unit() < 0.9 ? '0xaa' : '0xbb',
    failureDomain: `dc-${site}`,
    region: `${country.toLowerCase()}-${rng.below(4)}`,
    country,
    tier: pick(tiers, rng),
    gpuClass,
    trust: pick(trustLevels, rng),
    dataPolicy: pick(dataPolicies, rng),
    contextTokensMax: pick(contexts, rng),
    prices: {
      inPerMtok: Math.round(out / (3 + rng.below(3))),
      cachedPerMtok: Math.round(out / 20),
      outPerMtok: out,
      inPerGb: 10_000,
      outPerGb: 40_000,
    },
    concurrencyMax: 64 << rng.below(3),
    ...(rng.unit() < 0.8 && { prior: priors[gpuClass] }),
  }
}

export function makeFleet(pool: ReplicaPool, replicas: number, rng: Prng, nowMs: number): BenchReplica[] {
  const fleet: BenchReplica[] = []
  let site = makeOffer(0, 0, rng)
  for (let n = 0; n < replicas; n++) {
    const single = n >= replicas * SITE_SHARE
    if (single || n % SITE_SIZE === 0) site = makeOffer(n, single ? n : n / SITE_SIZE, rng)
    const offer = { ...site, nodeId: `0x${n.toString(16).padStart(40, '0')}` }
    const slot = pool.upsert(offer)
    pool.setRtt(slot, rng.unit() < 0.95 ? 1 + rng.unit() * 250 : null)
    const cheapness = 1 - Math.log(offer.prices.outPerMtok / 200_000) / Math.log(12)
    const busy = rng.unit() < 0.05 ? 1.4 : rng.unit() * (0.2 + cheapness)
    const streamsInSlo = Math.min(offer.concurrencyMax, 100)
    const replica: BenchReplica = {
      offer,
      slot,
      others: Math.floor(busy * streamsInSlo),
      silent: rng.unit() < 0.03,
      draining: rng.unit() < 0.02,
    }
    fleet.push(replica)
    report(pool, replica, 0, nowMs - (replica.silent ? 60_000 : rng.unit() * 1_000), rng)
    for (let seen = rng.below(6); seen > 0; seen--) teach(pool, replica, rng, nowMs)
  }
  return fleet
}

export function report(pool: ReplicaPool, replica: BenchReplica, own: number, atMs: number, rng: Prng): void {
  const streams = replica.others + own
  pool.report(replica.slot, {
    atMs,
    activeStreams: streams,
    queuedStreams: 0,
    ownStreams: own,
    draining: replica.draining,
    prefillTokens: rng.below(streams * 40 + 1),
    ownPrefillTokens: 0,
    contextTokens: 500 + rng.below(3_000),
  })
}

/** One attempt that another request has finished before. */
function teach(pool: ReplicaPool, replica: BenchReplica, rng: Prng, nowMs: number): void {
  const work = { tokensIn: 200 + rng.below(4_000), tokensCached: 0, tokensOut: 1 + rng.below(400) }
  const streams = 1 + rng.below(60)
  pool.opened(replica.slot, work)
  pool.firstToken(replica.slot, work)
  pool.closed(
    replica.slot,
    work,
    {
      kind: rng.unit() < 0.99 ? 'finished' : 'failed',
      ...work,
      concurrency: streams,
      contextTokens: 1_500,
      engineTtftMs: 20 + work.tokensIn * 0.04,
      tpotMs: (10 + streams * 0.4) * (0.9 + rng.unit() * 0.5),
    },
    nowMs,
  )
}
