/** The simulated gateway waits as the real one: for a place that keeps the SLO, to the end of the SLO, and then it refuses. */
import { expect, test } from 'vitest'
import { fakeReport, fakeRequest, fakeWorld } from '../policies/fake-world.ts'
import { isochrone } from '../policies/isochrone.ts'
import type { SimFleet, SimRequest } from '../sim-types.ts'
import { measureRun } from './measure.ts'
import { noFaults, type FaultPlan } from './plan-faults.ts'
import { stateFinished, stateRefused } from './request-log.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { testFleet } from './test-market.ts'

const RTT_MS = 20
const asked = { tenant: 0, gateway: 0, tokensOut: 11, prefixHashes: [], tpotSloMs: 50 }
/** It is prefilled for about 760 ms, and the short one behind it has 700. */
const long: SimRequest = { index: 0, arriveMs: 1_000, tokensIn: 24_000, ttftSloMs: 2_100, ...asked }
const short: SimRequest = { index: 1, arriveMs: 1_010, tokensIn: 1_000, ttftSloMs: 700, ...asked }

function fleetOf(replicas: number): SimFleet {
  const [first] = testFleet(1).replicas
  if (!first) throw new Error('the test fleet has a replica')
  return {
    replicas: Array.from({ length: replicas }, (_, index) => {
      const names = { nodeId: `node-${index}`, failureDomain: `domain-${index}` }
      return { ...first, ...names, index, errorRate: 0 }
    }),
    gateways: [{ index: 0, name: 'here', serverId: 'here' }],
    rttMs: [new Float64Array(replicas).fill(RTT_MS)],
  }
}

function run(requests: SimRequest[], replicas: number, faults: FaultPlan = noFaults) {
  const settings = marketSettings({ warmUpMs: 0, linkLossNoticedMs: 1_500 })
  const input = { fleet: fleetOf(replicas), requests, settings, faults, seed: 1 }
  const result = simulate({ ...input, policy: isochrone })
  return { ...result, figures: measureRun(input, result) }
}

test('a request that no place would serve inside its SLO is refused at the end of the SLO, and is a miss', () => {
  const { log, figures } = run([long, short], 1)
  expect(log.state[1]).toBe(stateRefused)
  expect(log.attempts[1]).toBe(0)
  expect(log.endMs[1]).toBe(short.arriveMs + short.ttftSloMs)
  expect(figures).toMatchObject({ finished: 1, refused: 1, sloAttainment: 0.5 })
})

test('a place that comes in the last half of the SLO is taken, and keeps it', () => {
  // The second node is back after 500 of the 700 ms.
  const faults = { ...noFaults, outages: [{ replica: 1, fromMs: 0, toMs: 1_500 }] }
  const { log, attempts, figures } = run([long, short], 2, faults)
  expect(log.waits[1]).toBeGreaterThan(0)
  expect([log.state[1], attempts.replica[1]]).toEqual([stateFinished, 1])
  expect(figures).toMatchObject({ finished: 2, sloAttainment: 1 })
})

test('what was sent once, and lost until its SLO was over, is served late before never', () => {
  const faults = { ...noFaults, outages: [{ replica: 0, fromMs: 1_005, toMs: 100_000 }] }
  const only = { ...short, index: 0, arriveMs: 1_000 }
  const [lost] = [0, 1]
    .map((replica) => {
      const outages = faults.outages.map((outage) => ({ ...outage, replica }))
      return run([only], 2, { ...faults, outages })
    })
    .filter(({ log }) => (log.attempts[0] as number) > 1)
  expect(lost?.log.state[0]).toBe(stateFinished)
  expect(lost?.figures).toMatchObject({ finished: 1, sloAttainment: 0 })
})

test('where nobody is placed the three that come nearest are asked how they are', () => {
  const world = fakeWorld(Array.from({ length: 5 }, () => ({})))
  const gateway = isochrone.create(world)
  for (let replica = 0; replica < 5; replica++) {
    gateway.onLink?.(replica, true, 0)
    gateway.onReport?.(replica, fakeReport({ activeStreams: 1, prefillTokens: 30_000 + 10_000 * replica }), 0)
  }
  expect(gateway.choose(fakeRequest(), 10, [])).toMatchObject({ kind: 'wait' })
  expect(world.asked.map(({ replica }) => replica).toSorted((a, b) => a - b)).toEqual([0, 1, 2])
})
