/**
 * Offers, reports, outcomes, policies and requests for the property tests, broken numbers included: whatever a provider or
 * a client may send. Plain values, so that fast-check can make a market that fails smaller, one value at a time.
 */
import fc from 'fast-check'
import {
  dataPolicies,
  tiers,
  trustLevels,
  type AttemptOutcome,
  type ReplicaOffer,
  type ReplicaReport,
} from '../offer.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'

/** Plain objects: records go through JSON and are compared. */
const plain = { noNullPrototype: true } as const
const BROKEN = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 1e300]
/** One number in so many is a broken one. */
const BROKEN_WEIGHT = 32
const STEPS = 1_000

export const drawnSeed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
export const below = (end: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: end - 1 })
/** True once in so many. */
export const onceIn = (n: number): fc.Arbitrary<boolean> => below(n).map((drawn) => drawn === n - 1)
const either = <T>(weight: number, usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare })

export const broken = fc.constantFrom(...BROKEN)
const sound = (max: number): fc.Arbitrary<number> => below(STEPS).map((step) => (step * max) / STEPS)
const messy = (max: number): fc.Arbitrary<number> => either(BROKEN_WEIGHT, sound(max), broken)
const messyWhole = (end: number): fc.Arbitrary<number> => either(BROKEN_WEIGHT, below(end), broken)

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
const gpuClasses = ['H200', 'B200', 'CPU']
const builds = ['0xa', '0xb']

/** What is offered, without a name: `named` gives it one by its place in the market. */
export type NamelessOffer = Omit<ReplicaOffer, 'nodeId' | 'providerId'>

export const named = (offer: NamelessOffer, n: number): ReplicaOffer => ({
  ...offer,
  nodeId: `node_${n}`,
  providerId: `prv_${n % 7}`,
})

/** `number(max)` makes curve figures in [0, max), `whole(end)` whole ones: prices, streams. */
function offerOf(
  number: (max: number) => fc.Arbitrary<number>,
  whole: (end: number) => fc.Arbitrary<number>,
): fc.Arbitrary<NamelessOffer> {
  const price = whole(8).map((value) => value * 100_000)
  const prices = { inPerMtok: price, cachedPerMtok: price, outPerMtok: price, inPerGb: price, outPerGb: price }
  const prior = fc.record(
    {
      baseMs: number(100),
      prefillMsPerToken: number(0.2),
      tpotBaseMs: number(20),
      tpotPerStreamMs: number(1),
      tpotPerStreamTokenMs: number(0.001),
    },
    plain,
  )
  return fc
    .record(
      {
        modelHash: fc.constantFrom(...builds),
        failureDomain: below(12).map((n) => `dc-${n}`),
        place: fc.constantFrom(...places),
        tier: fc.constantFrom(...tiers),
        gpuClass: fc.constantFrom(...gpuClasses),
        trust: fc.constantFrom(...trustLevels),
        dataPolicy: fc.constantFrom(...dataPolicies),
        contextTokensMax: below(6).map((shift) => 1_024 << shift),
        prices: fc.record(prices, plain),
        concurrencyMax: whole(16),
        prior: either<ReplicaOffer['prior']>(2, prior, fc.constant(undefined)),
      },
      plain,
    )
    .map(({ place, ...offer }) => ({ ...offer, ...place }))
}

/** An offer as a provider may send it. */
export const anyOffer: fc.Arbitrary<NamelessOffer> = fc
  .tuple(offerOf(messy, messyWhole), onceIn(BROKEN_WEIGHT), broken)
  .map(([offer, isBroken, value]) => (isBroken ? { ...offer, contextTokensMax: value } : offer))

/** An offer without a broken number, with at least one stream. */
export const soundOffer: fc.Arbitrary<NamelessOffer> = offerOf(sound, below).map((offer) => ({
  ...offer,
  concurrencyMax: offer.concurrencyMax + 1,
}))

/** A report with its age in place of its time; an age that is not finite stands for a broken time. */
export type AgedReport = Omit<ReplicaReport, 'atMs'> & { ageMs: number }

export const reportAt = ({ ageMs, ...report }: AgedReport, nowMs: number): ReplicaReport => ({
  ...report,
  atMs: nowMs - ageMs,
})

const maybe = (value: fc.Arbitrary<number>): fc.Arbitrary<number | undefined> =>
  either<number | undefined>(4, value, fc.constant(undefined))

export const anyReport: fc.Arbitrary<AgedReport> = fc.record(
  {
    ageMs: fc.oneof(
      { weight: 44, arbitrary: below(1_500) },
      { weight: 5, arbitrary: below(20_000) },
      { weight: 1, arbitrary: broken },
    ),
    activeStreams: messyWhole(12),
    queuedStreams: messyWhole(3),
    ownStreams: messyWhole(4),
    draining: onceIn(32),
    prefillTokens: maybe(messyWhole(20_000)),
    ownPrefillTokens: maybe(messyWhole(5_000)),
    contextTokens: maybe(messyWhole(8_000)),
    pace: maybe(messyWhole(6)),
  },
  plain,
)

const outcomeOf = (kind: fc.Arbitrary<AttemptOutcome['kind']>): fc.Arbitrary<AttemptOutcome> =>
  fc.record(
    {
      kind,
      tokensIn: messyWhole(8_000),
      tokensCached: messyWhole(2_000),
      tokensOut: messyWhole(800),
      concurrency: messyWhole(16),
      contextTokens: messyWhole(8_000),
      engineTtftMs: either<number | null>(9, messy(2_000), fc.constant(null)),
      tpotMs: either<number | null>(9, messy(80), fc.constant(null)),
    },
    plain,
  )

export const anyOutcome: fc.Arbitrary<AttemptOutcome> = outcomeOf(
  fc.constantFrom('finished', 'finished', 'finished', 'failed', 'refused', 'cancelled'),
)

/** A measured round trip, one that is missing, or nonsense. */
export const anyRtt = fc.constantFrom(null, 0, 10, 200, Number.NaN, -5, 1e300)

/** Each constraint is left out `open` times for each time that it is set, so that they meet alone and together. */
export function policyWith(open: number): fc.Arbitrary<RoutingPolicy> {
  const cap = (scale: number): fc.Arbitrary<number | null> =>
    either<number | null>(
      open,
      fc.constant(null),
      below(9).map((n) => n * scale),
    )
  const names = fc.tuple(below(7), below(60)).map(([provider, node]) => [`prv_${provider}`, `node_${node}`, 'node_?'])
  return fc.record(
    {
      valueOfSecondMicroUsd: fc.constantFrom(0, 10, 1_000, 100_000),
      valueOfGenerationSecondMicroUsd: fc.constantFrom(0, 200, 10_000),
      maxPrice: fc.record({ inPerMtok: cap(100_000), outPerMtok: cap(100_000), requestMicroUsd: cap(400) }, plain),
      ttftSloMs: fc.constantFrom(60_000, 2_000, 200, 1),
      tpotSloMs: fc.constantFrom(1_000, 100, 30, 1),
      admission: fc.constantFrom('capacity', 'capacity', 'slack'),
      regions: either<string[] | null>(open, fc.constant(null), fc.subarray(regions)),
      exclude: either<string[]>(open, fc.constant([]), names),
      minTrust: either(open, fc.constant('claimed'), fc.constantFrom(...trustLevels)),
      dataPolicy: either(open, fc.constant('any'), fc.constantFrom(...dataPolicies)),
      gpuClasses: either<string[] | null>(open, fc.constant(null), fc.subarray(gpuClasses)),
      allowFallbacks: onceIn(5).map((drawn) => !drawn),
    },
    plain,
  )
}

/** Chains of prefix blocks in a small tree: prompts often share a beginning. */
export const anyPrefix: fc.Arbitrary<number[]> = fc.array(below(3), { maxLength: 4 }).map((branches) => {
  let hash = 1
  return branches.map((branch) => (hash = hash * 3 + branch))
})

/** A request but for its policy. */
export type Ask = Omit<PlacementRequest, 'policy' | 'requestId'>

export const anyAsk: fc.Arbitrary<Ask> = fc
  .record(
    {
      modelHash: either<string | null>(4, fc.constant(null), fc.constantFrom(...builds)),
      tokensIn: either(9, below(2_000), below(40_000)),
      tokensOutMax: fc.integer({ min: 1, max: 1_000 }),
      expectedShare: sound(1),
      bytesIn: below(10_000),
      tokensInMax: maybe(below(100_000)),
      gapNoise: maybe(sound(1)),
      prefixHashes: anyPrefix,
      excludeNodeIds: either<string[]>(
        4,
        fc.constant([]),
        below(60).map((n) => [`node_${n}`, 'node_gone']),
      ),
    },
    plain,
  )
  .map(({ expectedShare, ...ask }) => ({
    ...ask,
    // Of some a part of it, as of a limit that nobody named.
    ...(ask.bytesIn % 4 === 3 && { tokensOutNeeded: 1 + (ask.bytesIn % ask.tokensOutMax) }),
    tokensOutExpected: Math.floor(expectedShare * (ask.tokensOutMax + 1)),
    prefixBlockTokens: 256,
  }))

export const requestOf = (ask: Ask, policy: RoutingPolicy, n: number): PlacementRequest => ({
  ...ask,
  policy,
  requestId: `req_${n}`,
})
