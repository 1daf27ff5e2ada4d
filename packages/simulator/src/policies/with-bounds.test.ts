import { DECLINES_MAX } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { measureRun } from '../run/measure.ts'
import { noFaults } from '../run/plan-faults.ts'
import { marketSettings } from '../run/settings.ts'
import { simulate } from '../run/simulate.ts'
import { testFleet, testWorkload } from '../run/test-market.ts'
import type { SimPolicy } from '../sim-types.ts'
import { dynamo } from './dynamo.ts'
import { fakeRequest, fakeWorld } from './fake-world.ts'
import { namedPolicies, policies } from './index.ts'
import { llmD } from './llm-d.ts'
import { prequal } from './prequal.ts'
import { sglangCacheAware } from './sglang-cache-aware.ts'
import { withBounds } from './with-bounds.ts'

const fleet = testFleet(12)
const settings = marketSettings({ warmUpMs: 0 })
/** Of one seed a dozen requests are late: too few to tell. */
const seeds = [1, 2, 3, 4, 5]

/** Every sixth prompt is long: what others have sent decides whether the next one is late. */
function requestsOf(seed: number) {
  return testWorkload(9, 60_000, seed).map((request, index) => {
    const tokensIn = index % 6 === 0 ? request.tokensIn + 20_000 : request.tokensIn
    return { ...request, tokensIn, ttftSloMs: 500 + 2 * 0.0317 * tokensIn }
  })
}

function figuresOf(policy: SimPolicy) {
  const runs = seeds.map((seed) => {
    const requests = requestsOf(seed)
    const input = { fleet, requests, settings, policy, faults: noFaults, seed }
    const { declines, sloAttainment } = measureRun(input, simulate(input))
    expect(declines).toBeLessThanOrEqual(DECLINES_MAX * requests.length)
    return { declines, missed: 1 - sloAttainment }
  })
  return {
    declines: runs.reduce((sum, { declines }) => sum + declines, 0),
    missed: runs.reduce((sum, { missed }) => sum + missed, 0) / runs.length,
  }
}

test.each([prequal, dynamo, llmD, sglangCacheAware])('$name misses fewer first tokens with bounds', (base) => {
  const without = figuresOf(base)
  const figures = figuresOf(withBounds(base))
  expect(without.declines).toBe(0)
  expect(figures.declines).toBeGreaterThan(0)
  expect(figures.missed).toBeLessThan(0.8 * without.missed)
})

test('the bound is what the head-room leaves, and none where the SLO is lost', () => {
  const world = fakeWorld([{}, {}, {}])
  const instance = withBounds(prequal).create(world)
  const [replica] = world.replicas
  if (!replica) throw new Error('the fake world has a replica')
  const boundOf = (nowMs: number) => {
    const choice = instance.choose(fakeRequest({ index: 0, arriveMs: 0, tokensIn: 100, ttftSloMs: 1_000 }), nowMs, [])
    return choice.kind === 'replica' ? choice : null
  }
  const choice = boundOf(50)
  const { baseMs, prefillMsPerToken } = replica.declared
  const leftMs = 850 - 50 - (world.rttMs[choice?.replica ?? 0] ?? 0) - baseMs - 100 * prefillMsPerToken
  expect(choice?.prefillAheadMax).toBe(Math.floor(leftMs / prefillMsPerToken))
  expect(boundOf(900)?.prefillAheadMax).toBeUndefined()
})

test('they are run when they are named, and stand in no table otherwise', () => {
  const names = ['prequal', 'dynamo', 'llm-d', 'sglang-cache-aware'].map((name) => `${name}-with-bounds`)
  expect(namedPolicies.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  expect(policies.filter(({ name }) => names.includes(name))).toEqual([])
})
