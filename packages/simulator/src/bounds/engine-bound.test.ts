import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { demoMarketData } from '../data/demo-market-data.ts'
import { policies } from '../policies/index.ts'
import { boundOf, prepareMarketRun, runPolicy } from '../run/market-run.ts'
import { allFaults, noFaults } from '../run/plan-faults.ts'
import { loadMarket } from '../scenario/load-market.ts'
import { assertNotBelowBound } from './assert-not-below-bound.ts'
import { boundProblem, costMicroUsd } from './bound-problem.ts'
import { boundWindows } from './bound-windows.ts'
import { certifyDemand, costPerMtokServing } from './certify.ts'
import { engineBound, engineBoundOf } from './engine-bound.ts'
import { engineDemand, engineWork, upTimes } from './engine-demand.ts'
import { lpBound } from './lp-bound.ts'
import { testReplica, testRequest } from './test-world.ts'

const market = loadMarket()

/** Prompts and answers of any length within a few seconds, and replicas that are down or slow for part of it. */
const worlds = fc.record({
  fleet: fc
    .array(fc.tuple(fc.nat(2), fc.integer({ min: 1e5, max: 1e7 }), fc.double({ min: 1, max: 2, noNaN: true })), {
      minLength: 2,
      maxLength: 3,
    })
    .map((rows) => rows.map(([gpuClass, price, speed], i) => testReplica(i, gpuClass, price, speed))),
  requests: fc
    .array(fc.tuple(fc.nat(4_000), fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 400 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((rows) =>
      rows
        .toSorted(([a], [b]) => a - b)
        .map(([atMs, tokensIn, tokensOut], i) => testRequest(i, atMs, tokensIn, tokensOut)),
    ),
  windowMs: fc.constantFrom(500, 2_000, 10_000),
  faults: fc.record({
    outages: fc.array(
      fc.record({ replica: fc.nat(2), fromMs: fc.nat(9_000), toMs: fc.integer({ min: 9_000, max: 30_000 }) }),
      {
        maxLength: 2,
      },
    ),
    slowWindows: fc.constantFrom([], [{ replica: 0, fromMs: 500, toMs: 6_000, factor: 2.5 }]),
  }),
})

test('no assignment that fits between the faults costs less, whatever the windows and the prices of time', async () => {
  let fitting = 0
  await fc.assert(
    fc.asyncProperty(worlds, fc.nat(1e6), async ({ fleet, requests, windowMs, faults }, seed) => {
      const problem = boundProblem({ fleet, requests, market })
      const windows = boundWindows(problem, windowMs, true)
      const demand = engineDemand(engineWork(problem, fleet, market), upTimes(windows, fleet, faults))
      const fits = (replicaOf: number[]) =>
        windows.stretches.every(({ kinds, promptKinds }, s) =>
          fleet.every((_, r) => {
            const takesMs = replicaOf.reduce((ms, at, i) => {
              if (at !== r) return ms
              const kind = windows.kindOf[i] as number
              const whole = kinds.includes(kind) ? (demand.wholeMs[r]?.[i] ?? 0) : 0
              return ms + whole + (promptKinds.includes(kind) ? (demand.promptMs?.[r]?.[i] ?? 0) : 0)
            }, 0)
            return takesMs <= (demand.capacityMs[s * fleet.length + r] as number)
          }),
        )
      let cheapest = Infinity
      for (let code = 0; code < fleet.length ** requests.length; code++) {
        const replicaOf = requests.map((_, i) => Math.floor(code / fleet.length ** i) % fleet.length)
        if (!fits(replicaOf)) continue
        fitting += 1
        const usd = replicaOf.reduce(
          (sum, r, i) => sum + costMicroUsd(problem, i, fleet[r] ?? testReplica(0, 0, 1)) / 1e6,
          0,
        )
        cheapest = Math.min(cheapest, usd)
      }
      if (cheapest === Infinity) return
      const lp = await lpBound({ fleet, requests, market, windowMs })
      const bound = await engineBound({ fleet, requests, market, windowMs, faults }, lp)
      expect(bound.status).toBe('optimal')
      expect(bound.usd).toBeLessThanOrEqual(cheapest * (1 + 1e-9))
      expect(bound.usd).toBeGreaterThanOrEqual(lp.usdWithoutSlo * (1 - 1e-9))
      const rng = prng(seed)
      const lambda = demand.capacityMs.map(() => (rng.unit() < 0.5 ? 0 : 10 ** (-9 + 5 * rng.unit())))
      const { usd, worthUsd } = certifyDemand(problem, windows, fleet, lambda, demand)
      // The difference of two large sums, as exact as these.
      expect(usd).toBeLessThanOrEqual(cheapest * (1 + 1e-9) + worthUsd * 1e-12)
    }),
    { numRuns: 80 },
  )
  expect(fitting).toBeGreaterThan(80)
})

/** By trying all pairs of replicas, shares and lateness, as `step-weights.ts` says what each takes. */
test('a stream in two pieces, late here and early there, pays no less than its certificate', () => {
  const fleet = [testReplica(0, 0, 1_000_000), testReplica(1, 1, 1_200_000, 1.3), testReplica(2, 2, 4_000_000)]
  const requests = [testRequest(0, 0, 1, 300), testRequest(1, 0, 5, 2), testRequest(2, 0, 20, 90)]
  const problem = boundProblem({ requests, fleet, market })
  const windows = boundWindows(problem, Infinity, true)
  const work = engineWork(problem, fleet, market)
  const demand = engineDemand(work, upTimes(windows, fleet, noFaults))
  const last = windows.stretches.length - 1
  let inPieces = 0
  for (const tolls of [
    [7e-6, 8e-6, 0],
    [7e-6, 7e-6, 0],
    [7.3e-6, 9e-6, 1e-7],
    [1e-4, 9e-5, 1e-4],
    [0, 1e-4, 1e-4],
  ]) {
    const lambda = new Float64Array(windows.stretches.length * fleet.length)
    lambda.set(tolls, last * fleet.length)
    const { leastUsd } = certifyDemand(problem, windows, fleet, lambda, demand)
    const withoutPieces = certifyDemand(problem, windows, fleet, lambda, {
      capacityMs: demand.capacityMs,
      wholeMs: demand.wholeMs,
      factor: demand.factor,
    })
    for (const i of requests.keys()) {
      const tokens = problem.tokensOut[i] as number
      const full = fleet.map(
        (replica, r) => costMicroUsd(problem, i, replica) / 1e6 + (tolls[r] ?? 0) * (demand.wholeMs[r]?.[i] ?? 0),
      )
      const pace = fleet.map((_, r) => (tolls[r] ?? 0) * (work.byReplica[r]?.paceMs[i] ?? 0))
      const inUsd = Math.min(...fleet.map(({ prices }) => prices.inPerMtok)) / 1e12
      const again = Math.min(...fleet.map(({ prices }) => ((problem.tokensIn[i] as number) * prices.inPerMtok) / 1e12))
      let cheapest = Math.min(...full)
      for (const late of fleet.keys()) {
        for (const early of fleet.keys()) {
          for (let n = 1; n < 200; n++) {
            const share = n / 200
            const earlyMs = (1 - share) * (50 - 7.6)
            const per = (r: number) => (pace[r] ?? 0) / Math.max(1e-9, work.byReplica[r]?.weights.earlyMs ?? 0)
            const gain = Math.min(share * (pace[late] ?? 0), per(late) * earlyMs)
            // No earlier than the late piece has use for.
            const neededMs = Math.min(earlyMs, share * (work.byReplica[late]?.weights.earlyMs ?? 0))
            const answered = Math.min(share, 1 - share) * tokens * inUsd
            const usd =
              share * (full[late] ?? 0) +
              (1 - share) * (full[early] ?? 0) -
              gain +
              per(early) * neededMs +
              again +
              answered
            cheapest = Math.min(cheapest, usd)
          }
        }
      }
      expect(leastUsd[i]).toBeLessThanOrEqual(cheapest * (1 + 1e-9))
      // And not by more than the first token's share.
      const first = Math.max(...pace) / Math.max(1, tokens - 1)
      expect(leastUsd[i]).toBeGreaterThan((cheapest - first) * 0.97)
      if (cheapest < (withoutPieces.leastUsd[i] as number) * (1 - 1e-9)) inPieces += 1
    }
  }
  expect(inPieces).toBeGreaterThan(2)
})

test('a replica that is down for half of the time sells half of it', async () => {
  const fleet = [testReplica(0, 0, 1_000_000), testReplica(1, 0, 3_000_000)]
  const requests = Array.from({ length: 1_500 }, (_, i) => testRequest(i, i * 26, 500, 11))
  const lp = await lpBound({ fleet, requests, market })
  const at = async (faults: typeof noFaults) => (await engineBound({ fleet, requests, market, faults }, lp)).usd
  const whole = await at(noFaults)
  const half = await at({ ...noFaults, outages: [{ replica: 0, fromMs: 10_000, toMs: 30_000 }] })
  const slow = await at({ ...noFaults, slowWindows: [{ replica: 0, fromMs: 10_000, toMs: 30_000, factor: 2 }] })
  const none = await at({ ...noFaults, outages: [{ replica: 0, fromMs: 0, toMs: 1e9 }] })
  // Whatever goes to the second one costs three times as much there.
  const dear = (requests.length * (500 * 0.3e6 + 11 * 3e6)) / 1e12
  expect(none).toBeCloseTo(dear, 9)
  expect(whole).toBeCloseTo(dear / 3, 9)
  // About 40 s in all, of which 20 and 10 are lost.
  expect((dear - half) / (dear - slow)).toBeCloseTo(20 / 30, 2)
})

const rng = prng(8)
let clockMs = 0
const trace = Array.from({ length: 4_000 }, () => {
  clockMs += -Math.log(1 - rng.unit()) * 60
  return { atMs: clockMs, tokensIn: 100 + rng.below(2_000), tokensOut: 10 + rng.below(300), blockIds: [] }
})

/** Whoever serves a share of the requests inside their SLOs pays at least what any prices of time certify for that share. */
test('no policy costs less than any certificate for the share that it served inside the SLO', async () => {
  const small = { ...market, warmUpMs: 10_000, fleet: { ...market.fleet, replicas: 6 } }
  const workload = { kind: 'trace', trace } as const
  const world = { market: small, data: demoMarketData(), workload, util: 0.6, seed: 3, horizonMs: 60_000 }
  const run = prepareMarketRun({ ...world, faults: allFaults })
  const lp = await boundOf(run)
  const bound = await engineBoundOf(run, lp)
  expect(bound.usd).toBeGreaterThan(lp.usd)
  const results = policies.map((policy) => ({ policy: policy.name, ...runPolicy(run, policy) }))
  assertNotBelowBound(results, bound)
  const fleet = run.fleet.replicas
  const requests = run.requests.filter(({ arriveMs }) => arriveMs >= run.settings.warmUpMs)
  const problem = boundProblem({ requests, fleet, market: small })
  const windows = boundWindows(problem, 5_000, true)
  const demand = engineDemand(engineWork(problem, fleet, small), upTimes(windows, fleet, run.faults))
  for (let n = 0; n < 8; n++) {
    const scale = 10 ** (-8 + 2 * rng.unit())
    const lambda = demand.capacityMs.map(() => (rng.unit() < 0.7 ? 0 : scale * rng.unit()))
    const certificate = certifyDemand(problem, windows, fleet, lambda, demand)
    for (const { sloAttainment, costPerMtok } of results) {
      expect(costPerMtokServing(certificate, sloAttainment)).toBeLessThanOrEqual((costPerMtok ?? Infinity) * (1 + 1e-9))
    }
  }
})
