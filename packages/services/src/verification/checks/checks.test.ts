import { prng } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  randomBytes32,
  signReport,
  signStruct,
  witnessDomain,
  type EchoReport,
  type GeoPlace,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { checkGpuUuids } from './check-gpu-uuids.ts'
import { checkMatmul } from './check-matmul.ts'
import { checkMetering } from './check-metering.ts'
import { checkModel, replayAgrees } from './check-model.ts'
import { checkRegion, lightKm } from './check-region.ts'
import {
  checkSharing,
  sharingAgainSoon,
  sharingUndecided,
  type SharingInput,
  type SharingRound,
  type UsualTimes,
} from './check-sharing.ts'
import { distanceKm, regionPlace } from './region-places.ts'
import { sprt } from './sprt.ts'
import { usualAloneUs } from './usual-alone.ts'

const amsterdam: GeoPlace = { latitude: 52.4, longitude: 4.9 }
const nodeKey = randomBytes32()
const nodeId = addressToBytes32(addressOfKey(nodeKey))
const witnessKey = randomBytes32()
const witness = addressOfKey(witnessKey)

function report(rttUs: number, { signer = nodeKey, place = amsterdam, pretends = false, simulated = false } = {}) {
  const nonce = randomBytes32()
  const { signature } = signStruct(witnessDomain(witness), 'RttEcho', { nonce, nodeKey: addressOfKey(nodeKey) }, signer)
  const echo: EchoReport = {
    kind: 'echo',
    witness: { witness, name: 'Amsterdam', place, ...(pretends && { simulated: true as const }) },
    nodeId,
    atMs: 1,
    simulated,
    sent: 20,
    lost: 0,
    minRttUs: rttUs,
    jitterUs: 10,
    fastest: { nonce, signature },
  }
  return signReport(echo, witnessKey)
}
const claim = (region: string) => ({ nodeId, region, place: regionPlace(region, '') })

/** Physics: what light cannot do is no place to be. */
test('a round trip that light could not make disproves the region, a slow one proves nothing', () => {
  expect(checkRegion(claim('us-east'), [report(5_000)])).toMatchObject({ verdict: 'invalid' })
  expect(checkRegion(claim('us-east'), [report(80_000)])).toMatchObject({ verdict: 'unverifiable' })
  expect(checkRegion(claim('eu-west'), [report(5_000)])).toMatchObject({ verdict: 'valid' })
  expect(checkRegion(claim('nowhere'), [report(5_000)])).toMatchObject({ verdict: 'unverifiable' })
})

/** Whoever runs a marketplace on a laptop is not told that the laptop stands elsewhere. */
test('a witness whose place is made up judges only nodes whose place is made up', () => {
  const judge = (simulated: boolean) => checkRegion(claim('us-east'), [report(5_000, { pretends: true, simulated })])
  expect(judge(false)).toMatchObject({ verdict: 'unverifiable', finding: expect.stringContaining('simulated network') })
  expect(judge(true)).toMatchObject({ verdict: 'invalid', simulated: true })
})

test('a witness that lies about its place bars no node that another witness confirms', () => {
  const ashburn = { latitude: 39, longitude: -77.5 }
  const honest = report(4_000, { place: ashburn })
  // It stands beside the node, and says that it is in Amsterdam.
  const liar = report(5_000)
  expect(checkRegion(claim('us-east'), [liar])).toMatchObject({ verdict: 'invalid' })
  for (const reports of [
    [liar, honest],
    [honest, liar],
  ])
    expect(checkRegion(claim('us-east'), reports)).toMatchObject({
      verdict: 'unverifiable',
      finding: expect.stringContaining('one of the two is not where it says'),
    })
})

test('distances and light are right', () => {
  expect(distanceKm(amsterdam, { latitude: 40.7, longitude: -74.0 })).toBeCloseTo(5_860, -2)
  expect(lightKm(1_000)).toBeCloseTo(149.9, 1)
})

/** Nobody is slandered by a report that the node did not have a hand in. */
test('reports that witness or node did not sign are left out', () => {
  const forged = { ...report(5_000), signature: report(6_000).signature }
  const impersonated = report(5_000, { signer: randomBytes32() })
  const echo = report(80_000)
  const tampered = { ...echo, report: { ...echo.report, minRttUs: 1 } }
  for (const bad of [forged, impersonated, tampered]) {
    expect(checkRegion(claim('us-east'), [bad])).toMatchObject({ verdict: 'unverifiable', inputs: { reports: [] } })
  }
})

/** A rival cannot be slandered by copying its UUIDs, and is never named. */
test('of two nodes that name one GPU the later is invalid and the earlier in doubt', () => {
  const uuids = ['GPU-00000000-1111-2222-3333-444444444444']
  const none = { namedEarlier: [], namedLater: [] }
  expect(checkGpuUuids({ uuids, count: 1 }, none).verdict).toBe('valid')
  const later = checkGpuUuids({ uuids, count: 1 }, { ...none, namedEarlier: uuids })
  expect(later.verdict).toBe('invalid')
  expect(checkGpuUuids({ uuids, count: 1 }, { ...none, namedLater: uuids }).verdict).toBe('unverifiable')
  expect(checkGpuUuids({ uuids: [...uuids, ...uuids], count: 2 }, none).verdict).toBe('invalid')
  expect(checkGpuUuids({ uuids, count: 8 }, none).verdict).toBe('unverifiable')
  expect(checkGpuUuids({ uuids: [], count: 0 }, none).verdict).toBe('valid')
})

const quietUs = 20_000
const usualUs: UsualTimes = { own: quietUs, other: quietUs }
const noUsual: UsualTimes = { own: null, other: null }

/** How long a node takes alone, and beside the other, as multiples of what a quiet machine needs. */
type Factors = { alone: number; together: number }

/** As `measureSharing` would see it, where every time is off by e^(spread × normal) and `load` may hit any of them. */
function measured(
  factors: (round: number) => Factors,
  { spread = 0.05, seed = 1, usual = usualUs, load = (): number => 1 } = {},
): SharingInput {
  const random = prng(seed)
  const normal = () => Array.from({ length: 12 }, () => random.unit()).reduce((sum, unit) => sum + unit, -6)
  const timeUs = (times: number) => quietUs * times * Math.exp(spread * normal()) * load()
  const rounds: SharingRound[] = []
  while (sharingUndecided({ rounds, usualUs: usual })) {
    const { alone, together } = factors(rounds.length)
    const aloneUs = { own: [timeUs(alone), timeUs(alone)], other: [timeUs(alone), timeUs(alone)] } as const
    rounds.push({ aloneUs, togetherUs: timeUs(together) + timeUs(together) })
  }
  return { rounds, usualUs: usual, declared: false }
}
const beside = (together: number) => () => ({ alone: 1, together })
const judge = (input: SharingInput) => checkSharing(input).verdict
const verdictsOf = (runs: number, factors: (round: number) => Factors, change: Parameters<typeof measured>[1] = {}) =>
  Array.from({ length: runs }, (_, seed) => judge(measured(factors, { ...change, seed: seed + 1 })))

test('one core behind two nodes is told from two machines, and from a host that is declared', () => {
  expect(verdictsOf(500, beside(1)).filter((verdict) => verdict !== 'valid')).toEqual([])
  expect(verdictsOf(500, beside(1.95)).filter((verdict) => verdict !== 'invalid')).toEqual([])
  expect(
    verdictsOf(500, beside(1.95), { spread: 0.1 }).filter((verdict) => verdict === 'invalid').length,
  ).toBeGreaterThan(450)
  expect(judge({ ...measured(beside(2)), declared: true })).toBe('valid')
  expect(judge({ rounds: [], usualUs, declared: false })).toBe('unverifiable')
  expect(sharingUndecided({ rounds: measured(beside(1.95)).rounds.slice(0, 3), usualUs })).toBe(true)
})

/** A false accusation is worse than a miss: 1.5 is what neighbours with cores of their own took under load. */
test.each([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])(
  'neighbours on cores of their own are not accused under load (spread %s)',
  (spread) => {
    const verdicts = verdictsOf(2_000, beside(1.5), { spread })
    expect(verdicts.filter((verdict) => verdict === 'invalid').length).toBeLessThanOrEqual(1)
    expect(verdicts.filter((verdict) => verdict === 'valid').length).toBeLessThan(200)
  },
)

test('times that come in bursts accuse nobody, and where nothing is steady nobody is judged', () => {
  const verdicts = Array.from({ length: 2_000 }, (_, seed) => {
    const random = prng(seed)
    return judge(measured(beside(1.1), { seed, load: () => (random.unit() < 0.4 ? 2.5 : 1) }))
  })
  expect(verdicts.filter((verdict) => verdict === 'invalid')).toEqual([])
  expect(verdictsOf(200, beside(1.95), { spread: 1 }).filter((verdict) => verdict !== 'unverifiable')).toEqual([])
})

/** Programs of others on the same core, which gives each that runs an equal share. */
const oneCore = (programs: number): Factors => ({ alone: programs + 1, together: programs + 2 })
const ownCores = (programs: number): Factors => ({ alone: programs + 1, together: programs + 1 })

/** Who is alone as slow as together has shown nothing: with 3 programs beside it the second node adds only a quarter. */
test('a machine that others keep busy clears no shared core and accuses no neighbour', () => {
  for (const programs of [0.5, 1, 1.5, 2, 3, 5, 10, 20]) {
    for (const spread of [0.02, 0.05, 0.1, 0.2]) {
      const cheats = verdictsOf(100, () => oneCore(programs), { spread })
      expect(cheats.filter((verdict) => verdict === 'valid')).toEqual([])
      const honest = verdictsOf(100, () => ownCores(programs), { spread })
      expect(honest.filter((verdict) => verdict === 'invalid')).toEqual([])
    }
  }
  const busy = checkSharing(measured(() => oneCore(5)))
  expect(busy).toMatchObject({ verdict: 'unverifiable', finding: expect.stringContaining('over twice the usual') })
  expect(verdictsOf(200, () => ownCores(0.5)).filter((verdict) => verdict !== 'valid')).toEqual([])
})

test('a load that comes and goes from round to round clears no shared core and accuses no neighbour', () => {
  for (const every of [2, 3, 4, 6]) {
    const programs = (round: number) => (round % every === 0 ? 5 : 0)
    const cheats = verdictsOf(200, (round) => oneCore(programs(round)))
    expect(cheats.filter((verdict) => verdict === 'valid')).toEqual([])
    const honest = verdictsOf(200, (round) => ownCores(programs(round)))
    expect(honest.filter((verdict) => verdict === 'invalid')).toEqual([])
  }
})

/** A first check cannot know whether the machine was busy: it may accuse, and never clears. */
test('before its usual time is known a node is not called valid, a shared core is found all the same', () => {
  for (const usual of [noUsual, { own: quietUs, other: null }, { own: null, other: quietUs }]) {
    expect(checkSharing(measured(beside(1), { usual }))).toMatchObject({
      verdict: 'unverifiable',
      finding: expect.stringContaining('not known yet'),
    })
    expect(judge(measured(() => oneCore(10), { usual }))).toBe('unverifiable')
    expect(judge(measured(beside(1.95), { usual }))).toBe('invalid')
  }
})

test('the usual time is that of the quietest of several checks, worked out from what they keep', () => {
  const check = (times: number, seed: number) =>
    checkSharing(measured(() => ownCores(times - 1), { spread: 0.02, seed, usual: noUsual })).inputs
  const checks = [check(8, 1), check(1, 2), check(3, 3)]
  expect((usualAloneUs(checks) ?? 0) / quietUs).toBeCloseTo(1, 1)
  // As they come back from the database.
  expect(usualAloneUs(JSON.parse(JSON.stringify(checks)) as unknown[])).toBe(usualAloneUs(checks))
  expect(usualAloneUs(checks.toReversed())).toBe(usualAloneUs(checks))
  const saidNothing = [{ rounds: [] }, { declared: true }, null, { rounds: [{ aloneUs: [1, 1], togetherUs: 2 }] }]
  expect(usualAloneUs([...checks.slice(1), ...saidNothing])).toBeNull()
})

test('what a verdict was judged by judges again to the same', () => {
  for (const factors of [oneCore(0), oneCore(3), ownCores(0), ownCores(3)]) {
    for (const usual of [usualUs, noUsual]) {
      const first = checkSharing(measured(() => factors, { usual }))
      expect(checkSharing(JSON.parse(JSON.stringify(first.inputs)) as SharingInput)).toMatchObject({
        verdict: first.verdict,
        finding: first.finding,
      })
    }
  }
})

test('a busy machine and an unknown usual are tried again soon, what is settled is not', () => {
  expect(sharingAgainSoon(measured(() => ownCores(5)))).toBe(true)
  expect(sharingAgainSoon(measured(beside(1), { usual: noUsual }))).toBe(true)
  expect(sharingAgainSoon(measured(beside(1)))).toBe(false)
  expect(sharingAgainSoon(measured(beside(1.95)))).toBe(false)
  expect(sharingAgainSoon({ rounds: [], usualUs: noUsual, declared: false })).toBe(false)
  expect(sharingAgainSoon({ rounds: [], usualUs: noUsual, declared: true })).toBe(false)
})

/** Never on one failure. */
test.each([
  ['model', (bad: number) => checkModel({ modelHash: '0x', trials: trials(bad, 4) })],
  ['metering', (bad: number) => checkMetering({ receipts: 20, overstated: bad })],
])('%s: one failure is not enough, and many are', (_, judge) => {
  expect(judge(1).verdict).not.toBe('invalid')
  expect(judge(4).verdict).toBe('invalid')
})

function trials(bad: number, good: number) {
  return Array.from({ length: bad + good }, (_, index) => ({ requestId: `req_${index}`, agreed: index >= bad }))
}

test('references must agree with one another before a node is held against them', () => {
  expect(replayAgrees('the river', ['the river', 'the river'])).toBe(true)
  expect(replayAgrees('a house', ['the river', 'the river'])).toBe(false)
  expect(replayAgrees('a house', ['the river', 'a mountain'])).toBeNull()
  expect(replayAgrees('a house', ['the river'])).toBeNull()
  expect(replayAgrees('the river', ['a house', 'the river', 'the river'])).toBe(true)
  expect(replayAgrees('the river', ['a house', 'a house', 'the river', 'the river'])).toBeNull()
})

test('one wrong product is asked again, two are invalid', () => {
  const one = (correct: boolean) =>
    signReport(
      {
        kind: 'matmul' as const,
        witness: { witness, name: 'Amsterdam', place: amsterdam },
        nodeId,
        atMs: 1,
        nonce: randomBytes32(),
        order: 64,
        elapsedUs: 1_000,
        commitment: randomBytes32(),
        signature: null,
        correct,
      },
      witnessKey,
    )
  expect(checkMatmul([one(true)]).verdict).toBe('valid')
  expect(checkMatmul([one(false), one(true)]).verdict).toBe('unverifiable')
  expect(checkMatmul([one(false), one(false)]).verdict).toBe('invalid')
  expect(checkMatmul([]).verdict).toBe('unverifiable')
})

/** The promise behind every verdict: an honest node is called invalid in at most one of 10,000 cases. */
test('the sequential test keeps its error rates', () => {
  const random = prng(7)
  const rates = { honest: 0.02, cheating: 0.5 }
  const end = (rate: number) => {
    const counts = { bad: 0, good: 0 }
    for (;;) {
      counts[random.unit() < rate ? 'bad' : 'good'] += 1
      const decision = sprt(rates, counts)
      if (decision !== 'undecided') return decision
    }
  }
  const falseAlarms = Array.from({ length: 20_000 }, () => end(0.02)).filter((decision) => decision === 'cheating')
  const missed = Array.from({ length: 2_000 }, () => end(0.5)).filter((decision) => decision === 'honest')
  expect(falseAlarms.length).toBeLessThanOrEqual(8)
  expect(missed.length).toBeLessThanOrEqual(40)
})
