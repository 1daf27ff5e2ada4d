import { expect, test } from 'vitest'
import type { PolicyInstance, SimFleet, SimOutcome, SimPolicy, SimRequest } from '../sim-types.ts'
import { billedMicroUsd, measureRun } from './measure.ts'
import { noFaults, type SlowWindow } from './plan-faults.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { testFleet } from './test-market.ts'

const settings = marketSettings({ warmUpMs: 0 })
const [replica] = testFleet(1).replicas
if (!replica) throw new Error('the test fleet has a replica')
const fleet: SimFleet = {
  replicas: [0, 1].map((index) => Object.assign({}, replica, { index, nodeId: `node-${index}` })),
  gateways: [{ index: 0, name: 'here', serverId: 'here' }],
  rttMs: [Float64Array.of(20, 20)],
}
const request: SimRequest = {
  index: 0,
  arriveMs: 1000,
  tenant: 0,
  gateway: 0,
  tokensIn: 1000,
  tokensOut: 101,
  prefixHashes: [],
  ttftSloMs: 600,
  tpotSloMs: 50,
}
const stepMs = 9 + 0.34 + 4.3e-5 * 1050.5

/** Replica 0 first, the other one when asked again. */
function runWith(instance: Partial<PolicyInstance>, slowWindows: SlowWindow[]) {
  const ends: { replica: number; atMs: number; outcome: SimOutcome }[] = []
  const policy: SimPolicy = {
    name: 'first-then-second',
    source: 'test',
    rule: 'test',
    create: () => ({
      choose: (_request, _nowMs, tried) => ({ kind: 'replica', replica: tried.includes(0) ? 1 : 0 }),
      onEnd: (index, _request, outcome, atMs) => void ends.push({ replica: index, atMs, outcome }),
      ...instance,
    }),
  }
  const input = { fleet, requests: [request], settings, policy, faults: { ...noFaults, slowWindows }, seed: 1 }
  const result = simulate(input)
  return { ...result, ends, figures: measureRun(input, result) }
}
const slow = (fromMs: number): SlowWindow[] => [{ replica: 0, fromMs, toMs: 9_000_000, factor: 100 }]
const { prices } = replica

test('a second attempt goes out after the silence, the first token wins, and the loser is cancelled and not billed', () => {
  const { ends, log, attempts, figures } = runWith({ hedgeAfterMs: () => 200, hedge: () => 1 }, slow(0))
  expect(log.firstMs[0]).toBeCloseTo(1200 + 20 + 31.7 + stepMs, 6)
  expect(ends.map(({ replica: at, outcome }) => [at, outcome.kind])).toEqual([
    [0, 'cancelled'],
    [1, 'finished'],
  ])
  expect(billedMicroUsd(fleet, attempts, () => true)).toBeCloseTo(
    (1000 * prices.inPerMtok + 101 * prices.outPerMtok) / 1e6,
    6,
  )
  expect(figures).toMatchObject({ finished: 1, hedges: 1, failovers: 0, sloAttainment: 1 })
})

test('an attempt that answers in time is never hedged', () => {
  const { figures } = runWith({ hedgeAfterMs: () => 200, hedge: () => 1 }, [])
  expect(figures).toMatchObject({ finished: 1, hedges: 0 })
})

test('a stream that is moved delivers each token once and has its prompt billed twice', () => {
  const onProgress: PolicyInstance['onProgress'] = (at, streams) =>
    at === 0 ? streams.filter(({ delivered }) => delivered > 5).map((stream) => stream.request.index) : []
  const { ends, attempts, figures } = runWith({ onProgress, onReport: () => {} }, slow(1150))
  const [before, after] = attempts.delivered
  expect(before).toBeGreaterThan(5)
  expect((before ?? 0) + (after ?? 0)).toBe(101)
  expect(ends.map(({ outcome }) => outcome.kind)).toEqual(['moved', 'finished'])
  const tokensIn = 1000 + 1000 + (before ?? 0)
  expect(billedMicroUsd(fleet, attempts, () => true)).toBeCloseTo(
    (tokensIn * prices.inPerMtok + 101 * prices.outPerMtok) / 1e6,
    6,
  )
  expect(figures).toMatchObject({ finished: 1, moves: 1, continuations: 1 })
})
