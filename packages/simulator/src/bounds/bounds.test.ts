import fc from 'fast-check'
import { expect, test } from 'vitest'
import { declaredEngine, gpuClasses } from '../fleet/engine-time.ts'
import { loadMarket } from '../scenario/load-market.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { assertNotBelowBound } from './assert-not-below-bound.ts'
import { boundProblem, costMicroUsd } from './bound-problem.ts'
import { boundWindows } from './bound-windows.ts'
import { capacityOf, certify, costPerMtokServing } from './certify.ts'
import { longestMeanStepMs } from './longest-mean-step.ts'
import { lpBound } from './lp-bound.ts'
import { groupRequests } from './group-requests.ts'
import { solveAssignment } from './solve-assignment.ts'
import { testReplica, testRequest } from './test-world.ts'

const market = loadMarket()

const fleets = fc
  .array(fc.tuple(fc.nat(2), fc.integer({ min: 1e5, max: 1e7 }), fc.double({ min: 1, max: 2, noNaN: true })), {
    minLength: 2,
    maxLength: 3,
  })
  .map((rows) => rows.map(([gpuClass, price, speed], i) => testReplica(i, gpuClass, price, speed)))
/** Heavy prompts within a short time, so that capacity binds. */
const loads = fc
  .array(fc.tuple(fc.nat(4_000), fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 80 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((rows) =>
    rows
      .toSorted(([a], [b]) => a - b)
      .map(([atMs, tokensIn, tokensOut], i) => testRequest(i, atMs, tokensIn, tokensOut)),
  )

/** The cheapest assignment of whole requests that fits every stretch of windows, by trying all; nothing if none fits. */
function cheapestUsd(fleet: SimReplica[], requests: SimRequest[], windowMs: number): number | undefined {
  const problem = boundProblem({ fleet, requests, market })
  const { stretches, kindOf } = boundWindows(problem, windowMs)
  let cheapest: number | undefined
  for (let code = 0; code < fleet.length ** requests.length; code++) {
    const replicaOf = requests.map((_, i) => Math.floor(code / fleet.length ** i) % fleet.length)
    const fits = stretches.every(({ lengthMs, kinds }) =>
      fleet.every(({ gpuClass, speed }, r) => {
        const inside = [...replicaOf.keys()].filter((i) => replicaOf[i] === r && kinds.includes(kindOf[i] as number))
        const work = inside.reduce((sum, i) => sum + speed * (problem.workMs[gpuClass][i] as number), 0)
        return work <= lengthMs * (problem.workShare[r] as number)
      }),
    )
    if (!fits) continue
    const usd = replicaOf.reduce((sum, r, i) => sum + costMicroUsd(problem, i, fleet[r] as SimReplica) / 1e6, 0)
    if (cheapest === undefined || usd < cheapest) cheapest = usd
  }
  return cheapest
}

/** The reason to trust "cost over bound": nothing that fits is cheaper than the bound. */
test('no assignment that fits the engines costs less than the bound, whatever the windows', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, loads, fc.constantFrom(500, 2_000, 10_000), async (fleet, requests, windowMs) => {
      const cheapest = cheapestUsd(fleet, requests, windowMs)
      const bound = await lpBound({ fleet, requests, market, windowMs })
      if (cheapest === undefined) return
      expect(bound.status).toBe('optimal')
      expect(bound.usd).toBeLessThanOrEqual(cheapest * (1 + 1e-9))
      expect(bound.usd).toBeLessThanOrEqual(bound.lpUsd + 1e-6 * cheapest)
      expect(bound.usdWithoutSlo).toBeLessThanOrEqual(bound.usd * (1 + 1e-6))
    }),
    { numRuns: 60 },
  )
})

test('with room for all, the bound is the cheapest replica for each request', async () => {
  const fleet = [testReplica(0, 0, 4_000_000), testReplica(1, 1, 3_000_000), testReplica(2, 2, 9_000_000)]
  const requests = Array.from({ length: 50 }, (_, i) => testRequest(i, i * 1_000, 1_000, 100))
  const bound = await lpBound({ fleet, requests, market })
  const cheapest = 50 * (1_000 * 0.3e6 + 100 * 3e6) * 1e-12
  expect(bound.usd).toBeCloseTo(cheapest, 9)
  expect(bound.costPerMtok).toBeCloseTo(cheapest / 0.055, 9)
})

test('repeated prefix blocks are paid at the cached price and take no prefill', async () => {
  const fleet = [testReplica(0, 0, 1_000_000)]
  const hashes = [7, 8, 9]
  const requests = [0, 1].map((i) => ({ ...testRequest(i, i, 2_000, 1), prefixHashes: hashes }))
  const problem = boundProblem({ fleet, requests, market })
  expect([...problem.tokensCached]).toEqual([0, 3 * market.prefix.blockTokens])
  const { usd } = await lpBound({ fleet, requests, market })
  expect(usd).toBeCloseTo((2_000 * 1e5 + 464 * 1e5 + 1_536 * 1e4 + 2 * 1e6) / 1e12, 12)
})

test('work that no policy can do inside the SLO has no bound, and says so', async () => {
  const fleet = [testReplica(0, 0, 1_000_000)]
  const requests = Array.from({ length: 400 }, (_, i) => testRequest(i, i, 10_000, 10))
  const bound = await lpBound({ fleet, requests, market })
  expect(bound).toMatchObject({ status: 'infeasible', usd: 0 })
  expect(() => assertNotBelowBound([{ policy: 'p', sloAttainment: 1, costPerMtok: 1 }], bound)).toThrow(
    /cannot be done/,
  )
})

/** The bound's one argument about engines: streams that keep their mean TPOT force steps. */
test('no mix of steps in which every stream keeps its TPOT is longer on average than the limit', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...gpuClasses),
      fc.double({ min: 1, max: 2.5, noNaN: true }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 256 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(9_000)), {
        minLength: 1,
        maxLength: 40,
      }),
      (gpuClass, speed, mix) => {
        const engine = declaredEngine(gpuClass)
        const limits = { tpotSloMs: 50, prefillChunkTokens: 1_024, concurrencyMax: 256, contextTokensMax: 9_000 }
        const longest = longestMeanStepMs({ engine, speed, ...limits })
        const steps = mix.map(([streams, prefill, context]) => {
          const perStream = engine.tpotPerStreamMs + engine.tpotPerStreamTokenMs * context
          const chunkMs = prefill * 1_024 * engine.prefillMsPerToken
          return { streams, ms: speed * (engine.tpotBaseMs + perStream * streams + chunkMs) }
        })
        // Whichever steps come first until the streams' mean breaks the SLO: every prefix that keeps it must obey.
        let [weighted, total] = [0, 0]
        for (const [i, { streams, ms }] of steps.toSorted((a, b) => a.ms - b.ms).entries()) {
          weighted += streams * (ms - 50)
          total += ms
          if (weighted <= 0) expect(total / (i + 1)).toBeLessThanOrEqual(longest * (1 + 1e-9))
        }
      },
    ),
    { numRuns: 300 },
  )
})

/** By trying all: which two of ten are outside their SLOs, and which of these are finished late, which not at all. */
test('whoever may serve requests late or not at all is bounded by the best choice of them', () => {
  const fleet = [testReplica(0, 0, 1_000_000), testReplica(1, 1, 5_000_000)]
  const requests = Array.from({ length: 10 }, (_, i) => testRequest(i, i * 1_000, 100 + 50 * i, 10 + 30 * (i % 4)))
  const problem = boundProblem({ requests, fleet, market })
  const windows = boundWindows(problem, Infinity)
  const pairs = requests.flatMap((_, a) => requests.map((__, b) => [a, b]).filter(([, b]) => (b as number) > a))
  const lates = [[], [0], [1], [0, 1]]
  const counts = { refused: 0, late: 0 }
  for (const toll of [1e-9, 1e-6, 1e-5]) {
    const lambda = new Float64Array(windows.stretches.length * fleet.length).fill(toll)
    // The search must find the least ratio whatever the capacity is worth.
    const certificate = { ...certify(problem, windows, fleet, lambda, problem.workShare), worthUsd: 0 }
    const ratio = (outside: readonly number[], late: readonly number[]) => {
      let [usd, tokens] = [-certificate.worthUsd, 0]
      for (const i of requests.keys()) {
        if (outside.includes(i) && !late.includes(i)) continue
        usd += (late.includes(i) ? certificate.plainUsd : certificate.leastUsd)[i] as number
        tokens += certificate.requestTokens[i] as number
      }
      return (usd / tokens) * 1e6
    }
    const choices = pairs.flatMap((pair) => lates.map((late) => ({ pair, late: late.map((at) => pair[at] as number) })))
    const best = Math.min(...choices.map(({ pair, late }) => ratio(pair, late)))
    expect(costPerMtokServing(certificate, 0.8)).toBeCloseTo(best, 9)
    expect(costPerMtokServing(certificate, 1)).toBeCloseTo(ratio([], []), 9)
    const { late } = choices.find((choice) => ratio(choice.pair, choice.late) === best) ?? { late: [] }
    counts[late.length > 0 ? 'late' : 'refused'] += 1
  }
  // Both ways of missing the SLO are the best one somewhere, or this would say nothing of one of them.
  expect(counts.refused).toBeGreaterThan(0)
  expect(counts.late).toBeGreaterThan(0)
})

/** The 1 % that miss their SLO are billed, and their tokens count: on a cheap replica they make the mean token cheaper. */
test('a policy that finishes its late requests on the cheapest replica pays no less than the bound at 99 %', async () => {
  const fleet = [testReplica(0, 0, 1_000_000), testReplica(1, 1, 5_000_000)]
  const requests = Array.from({ length: 400 }, (_, i) => testRequest(i, i * 80, 2_000 + 10 * (i % 7), 40))
  const bound = await lpBound({ requests, fleet, market })
  const problem = boundProblem({ requests, fleet, market })
  // As much as the cheap one can do, and four more: they finish there after their due time.
  const workMs = requests.map((_, i) => problem.workMs.H200[i] as number)
  let roomMs = (problem.lastDueMs - problem.fromMs) * (problem.workShare[0] as number)
  const late = new Set([396, 397, 398, 399])
  let [usd, tokens] = [0, 0]
  for (const [i, { tokensIn, tokensOut }] of requests.entries()) {
    const isCheap = late.has(i) || (roomMs -= workMs[i] as number) >= 0
    usd += costMicroUsd(problem, i, fleet[isCheap ? 0 : 1] as SimReplica) / 1e6
    tokens += tokensIn + tokensOut
  }
  const costPerMtok = (usd / tokens) * 1e6
  expect(bound.status).toBe('optimal')
  expect(roomMs).toBeLessThan(0)
  // Leaving the four out would be no bound: what they pay is less than the mean.
  const windows = boundWindows(problem, Infinity)
  const capacityMs = capacityOf(windows, problem.workShare)
  const solved = await solveAssignment(fleet, groupRequests(problem, windows, fleet), windows, capacityMs)
  const lambda = solved?.lambda ?? new Float64Array(fleet.length)
  const { plainUsd, ...certificate } = certify(problem, windows, fleet, lambda, problem.workShare)
  const leftOut = costPerMtokServing({ ...certificate, plainUsd: plainUsd.map(() => Infinity) }, 0.99)
  expect(costPerMtok).toBeLessThan(leftOut)
  assertNotBelowBound([{ policy: 'late', sloAttainment: 0.99, costPerMtok }], bound)
  expect(bound.costPerMtokAt99WithoutSlo).toBeLessThanOrEqual(bound.costPerMtokAt99)
})

test('a block that came before the requests that count may be cached', () => {
  const fleet = [testReplica(0, 0, 1_000_000)]
  const [before, counted] = [0, 1].map((i) => ({ ...testRequest(i, i, 2_000, 1), prefixHashes: [7, 8] }))
  const requests = [counted as SimRequest]
  expect([...boundProblem({ requests, fleet, market }).tokensCached]).toEqual([0])
  const earlier = [before as SimRequest]
  expect([...boundProblem({ requests, earlier, fleet, market }).tokensCached]).toEqual([2 * market.prefix.blockTokens])
})

test('a policy that meets the SLO below the bound is named; one that misses the SLO may be cheap', () => {
  const bound = { status: 'optimal' as const, costPerMtokAt99: 1 }
  const fine = { policy: 'dear', sloAttainment: 0.999, costPerMtok: 1 }
  const missing = { policy: 'cheapest', sloAttainment: 0.5, costPerMtok: 0.2 }
  expect(() => assertNotBelowBound([fine, missing], bound)).not.toThrow()
  const wrong = { policy: 'too-good', sloAttainment: 0.99, costPerMtok: 0.99 }
  expect(() => assertNotBelowBound([fine, wrong], bound)).toThrow(/below the bound of 1\.0+ USD per Mtok: too-good/)
})
