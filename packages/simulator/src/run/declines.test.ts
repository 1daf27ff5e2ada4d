/** What a gateway does not know of others' prompts costs a round trip at most, and only those hear of them who ask for it. */
import { expect, test } from 'vitest'
import { PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import type { PolicyInstance, SimFleet, SimOutcome, SimPolicy, SimReport, SimRequest } from '../sim-types.ts'
import { measureRun } from './measure.ts'
import { noFaults } from './plan-faults.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { testFleet } from './test-market.ts'

const settings = marketSettings({ warmUpMs: 0, heartbeatMs: 100_000 })
const [replica] = testFleet(1).replicas
if (!replica) throw new Error('the test fleet has a replica')
const fleet: SimFleet = {
  replicas: [0, 1].map((index) => Object.assign({}, replica, { index, nodeId: `node-${index}` })),
  gateways: ['here', 'there'].map((name, index) => ({ index, name, serverId: name })),
  rttMs: [Float64Array.of(20, 20), Float64Array.of(60, 60)],
}
const LONG = PROMPT_NOTICE_TOKENS
const asked = { tenant: 0, tokensOut: 11, prefixHashes: [], ttftSloMs: 2_000, tpotSloMs: 50 }
/** One gateway sends a long prompt to replica 0, the other one a short one just after it. */
const requests: SimRequest[] = [
  { index: 0, arriveMs: 1_000, gateway: 0, tokensIn: LONG, ...asked },
  { index: 1, arriveMs: 1_005, gateway: 1, tokensIn: 1_000, ...asked },
]

function run(bound: number | undefined, instance: Partial<PolicyInstance> = {}, tokensIn = LONG) {
  const ends: { request: number; replica: number; atMs: number; kind: SimOutcome['kind'] }[] = []
  const reports: { gateway: number; atMs: number; report: SimReport }[] = []
  const policy: SimPolicy = {
    name: 'first-then-second',
    source: 'test',
    rule: 'test',
    create: ({ gateway }) => ({
      choose: (_request, _nowMs, tried) => ({
        kind: 'replica',
        replica: tried.includes(0) ? 1 : 0,
        prefillAheadMax: tried.length === 0 ? bound : undefined,
      }),
      onEnd: (index, request, { kind }, atMs) => void ends.push({ request: request.index, replica: index, atMs, kind }),
      onReport: (_index, report, atMs) => void reports.push({ gateway: gateway.index, atMs, report }),
      ...instance,
    }),
  }
  const sent = requests.map((request) => (request.index === 0 ? { ...request, tokensIn } : request))
  const input = { fleet, requests: sent, settings, policy, faults: noFaults, seed: 1 }
  const result = simulate(input)
  return { ...result, ends, reports, figures: measureRun(input, result) }
}

test('a node before which more waits than may declines, with its report, and the request goes on a round trip later', () => {
  const { ends, reports, log, figures } = run(5_000)
  expect(ends[0]).toEqual({ request: 1, replica: 0, atMs: 1_065, kind: 'declined' })
  const [first] = reports.filter(({ atMs }) => atMs > 1_000)
  expect(first).toMatchObject({ gateway: 1, atMs: 1_065, report: { activeStreams: 1 } })
  expect(first?.report.prefillTokens).toBeGreaterThan(5_000)
  // Unloaded from there: a round trip, 1,000 tokens and the first step.
  expect((log.firstMs[1] as number) - 1_065).toBeCloseTo(60 + 31.7 + 9 + 0.34 + 4.3e-5 * 1005.5, 6)
  expect(figures).toMatchObject({ finished: 2, declines: 1, failovers: 0, sloAttainment: 1 })
})

test('what may wait is taken: at the bound, and without one', () => {
  for (const bound of [LONG, undefined]) {
    const { ends, figures } = run(bound)
    expect(figures).toMatchObject({ finished: 2, declines: 0 })
    expect(ends.every(({ replica: at }) => at === 0)).toBe(true)
  }
})

test('a long prompt is told at once to gateways that hear of prompts, half a round trip late, and to no others', () => {
  const toldOf = (tokensIn: number, instance: Partial<PolicyInstance>) =>
    run(undefined, instance, tokensIn)
      .reports.filter(({ atMs }) => atMs > 1_000 && atMs < 1_100)
      .map(({ gateway, atMs, report }) => [gateway, atMs, report.prefillTokens])
  expect(toldOf(LONG, { hearsOfPrompts: true })).toEqual([
    [0, 1_020, LONG],
    [1, 1_040, LONG],
  ])
  expect(toldOf(LONG, {})).toEqual([])
  expect(toldOf(LONG - 1, { hearsOfPrompts: true })).toEqual([])
})
