import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { replayDecision } from './replay-decision.ts'
import { createReplicaEstimator } from './replica-estimator.ts'
import type { PlacementRequest, ReplicaView } from './types.ts'

const NOW_MS = 1_700_000_000_000
const hex = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`
const baseEstimate = createReplicaEstimator().estimate()

function replica(n: number, change: Partial<ReplicaView> = {}): ReplicaView {
  return {
    nodeId: hex(n),
    providerId: hex(1000 + n),
    model: 'm',
    modelHash: hex(7),
    failureDomain: `dc-${n}`,
    region: 'eu-de',
    country: 'DE',
    contextTokensMax: 8_192,
    prices: { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 },
    concurrencyMax: 8,
    activeStreams: 0,
    queuedStreams: 0,
    rttMs: 10,
    stateAgeMs: 500,
    draining: false,
    breakerOpenUntilMs: 0,
    estimate: baseEstimate,
    ...change,
  }
}
const request: PlacementRequest = {
  requestId: 'req_1',
  model: 'm',
  tokensIn: 500,
  tokensOutMax: 200,
  bytesIn: 2_000,
  valueOfSecondMicroUsd: 200,
  priceMicroUsdMax: null,
  countries: null,
  excludeNodeIds: [],
  sloTtftMs: 1_000,
  sloTpotMs: 50,
}
const odd = fc.oneof(fc.double({ min: 0, max: 1e6 }), fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, -1))
const arbitraryReplica = (n: number): fc.Arbitrary<ReplicaView> =>
  fc
    .record({
      country: fc.constantFrom('DE', 'FR', 'US', ''),
      failureDomain: fc.constantFrom('a', 'b', 'c'),
      rttMs: fc.option(odd),
      activeStreams: fc.oneof(fc.nat(20), fc.constant(Number.NaN)),
      stateAgeMs: fc.option(odd),
      draining: fc.boolean(),
      outPerMtok: fc.nat(5_000_000),
      estimate: fc.record({
        baseMs: odd,
        prefillMsPerToken: odd,
        tpotMs: odd,
        tpotMsPerStream: odd,
        attemptMs: odd,
        failureRate: odd,
        observations: fc.nat(),
      }),
    })
    .map(({ outPerMtok, ...change }) => replica(n, { ...change, prices: { ...replica(n).prices, outPerMtok } }))
const arbitraryFleet = fc
  .nat(40)
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, n) => arbitraryReplica(n + 1))))
const fleetAndShuffle = arbitraryFleet.chain((fleet) =>
  fc.tuple(fc.constant(fleet), fc.shuffledSubarray(fleet, { minLength: fleet.length })),
)

/** Fairness: a provider gains nothing from where it sits in the database. */
test('the order in which replicas arrive never changes a placement', () => {
  fc.assert(
    fc.property(fleetAndShuffle, fc.integer(), ([fleet, shuffled], seed) => {
      expect(decide({ replicas: shuffled }, request, prng(seed), NOW_MS)).toEqual(
        decide({ replicas: fleet }, request, prng(seed), NOW_MS),
      )
    }),
  )
})

/** Sovereignty fails closed, for the first choice and for both alternates. */
test('neither choice nor alternate ever breaks residency, the price cap or the exclusions', () => {
  fc.assert(
    fc.property(arbitraryFleet, fc.integer(), fc.double({ min: 1, max: 2_000, noNaN: true }), (fleet, seed, cap) => {
      const strict = { ...request, countries: ['DE', 'FR'], priceMicroUsdMax: cap, excludeNodeIds: [hex(1), hex(2)] }
      const placement = decide({ replicas: fleet }, strict, prng(seed), NOW_MS)
      const used = placement.kind === 'placed' ? [placement.replica, ...placement.alternates] : []
      for (const one of used) {
        expect(['DE', 'FR']).toContain(one.country)
        expect(strict.excludeNodeIds).not.toContain(one.nodeId)
        expect((500 * one.prices.inPerMtok + 200 * one.prices.outPerMtok) / 1e6).toBeLessThanOrEqual(cap)
      }
      expect(new Set(used.map((one) => one.failureDomain)).size).toBe(used.length)
    }),
    { numRuns: 500 },
  )
})

test('metrics that are missing, NaN, infinite or negative never crash and never remove a whole pool', () => {
  fc.assert(
    fc.property(arbitraryFleet, fc.integer(), (fleet, seed) => {
      const placement = decide({ replicas: fleet }, request, prng(seed), NOW_MS)
      const usable = fleet.some(
        (one) => !one.draining && (one.stateAgeMs === null || one.stateAgeMs <= 5_000) && !(one.activeStreams >= 8),
      )
      if (fleet.length <= 16) expect(placement.kind).toBe(usable ? 'placed' : 'none')
      for (const row of placement.record.candidates) expect(Number.isFinite(row.score)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('a record, even after a trip through JSON, replays to the same choice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.integer(), (size, seed) => {
      const fleet = Array.from({ length: size }, (_, n) => replica(n + 1, { rttMs: 10 + n, activeStreams: n % 5 }))
      const { record } = decide({ replicas: fleet }, request, prng(seed), NOW_MS)
      const again = replayDecision(JSON.parse(JSON.stringify(record)))
      expect(again.exact).toBe(true)
      expect(again.placement.record).toEqual(record)
    }),
  )
})

test('equal offers share equally', () => {
  const fleet = [1, 2, 3, 4].map((n) => replica(n))
  const rng = prng(1)
  const counts = new Map<string, number>()
  for (let i = 0; i < 4_000; i++) {
    const placement = decide({ replicas: fleet }, request, rng, NOW_MS)
    if (placement.kind === 'placed')
      counts.set(placement.replica.nodeId, (counts.get(placement.replica.nodeId) ?? 0) + 1)
  }
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120)
  expect(counts.size).toBe(4)
})

/** "Latency or price" is one knob: the renter's own value of a second. */
test('a renter who values time takes the near node, one who does not takes the cheap one', () => {
  const near = replica(1, { rttMs: 5, prices: { ...replica(1).prices, outPerMtok: 800_000 } })
  const cheap = replica(2, { rttMs: 300 })
  const choiceAt = (valueOfSecondMicroUsd: number) =>
    decide({ replicas: [near, cheap] }, { ...request, valueOfSecondMicroUsd }, prng(3), NOW_MS).record.candidates[0]
      ?.nodeId
  expect(choiceAt(0)).toBe(cheap.nodeId)
  expect(choiceAt(5_000)).toBe(near.nodeId)
})

test('load moves work away before a replica is full, and a full pool says when to come back', () => {
  const busy = replica(1, { activeStreams: 12 })
  const idle = replica(2, { rttMs: 40 })
  expect(decide({ replicas: [busy, idle] }, request, prng(5), NOW_MS).record.candidates[0]?.nodeId).toBe(idle.nodeId)
  const none = decide({ replicas: [replica(1, { activeStreams: 16 })] }, request, prng(5), NOW_MS)
  expect(none).toMatchObject({ kind: 'none', reason: 'full' })
  if (none.kind === 'none') expect(none.retryAfterS).toBeGreaterThanOrEqual(1)
})

test('a burst does not follow the optimistic prior of a replica that has answered nothing yet', () => {
  const cold = replica(1, { rttMs: 1, activeStreams: 3 })
  const known = replica(2, { rttMs: 40, activeStreams: 3, estimate: { ...baseEstimate, observations: 50 } })
  const best = (fleet: ReplicaView[]) =>
    decide({ replicas: fleet }, request, prng(5), NOW_MS).record.candidates[0]?.nodeId
  expect(best([cold, known])).toBe(known.nodeId)
  expect(best([replica(1, { rttMs: 1 }), known])).toBe(cold.nodeId)
})

test('an empty market, an unknown model and a prompt beyond every context each say why', () => {
  expect(decide({ replicas: [] }, request, prng(1), NOW_MS)).toMatchObject({ kind: 'none', reason: 'no_replica' })
  expect(decide({ replicas: [replica(1)] }, { ...request, model: 'x' }, prng(1), NOW_MS)).toMatchObject({
    kind: 'none',
    reason: 'no_replica',
  })
  expect(decide({ replicas: [replica(1)] }, { ...request, tokensIn: 9_000 }, prng(1), NOW_MS)).toMatchObject({
    kind: 'none',
    reason: 'context_too_long',
  })
})
