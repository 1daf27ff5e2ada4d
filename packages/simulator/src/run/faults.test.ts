import { expect, test } from 'vitest'
import type {
  PolicyInstance,
  PolicyWorld,
  SimFleet,
  SimOutcome,
  SimPolicy,
  SimReport,
  SimRequest,
} from '../sim-types.ts'
import { billedMicroUsd, measureRun } from './measure.ts'
import { noFaults, type FaultPlan } from './plan-faults.ts'
import { requestStates } from './request-log.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { testFleet } from './test-market.ts'

/** Two replicas of class H200, one gateway, 20 ms of round trip: every time below can be worked out by hand. */
const settings = marketSettings({ warmUpMs: 0 })
const [replica] = testFleet(1).replicas
if (!replica) throw new Error('the test fleet has a replica')
const fleet: SimFleet = {
  replicas: [0, 1].map((index) => Object.assign({}, replica, { index, nodeId: `node-${index}` })),
  gateways: [{ index: 0, name: 'here', serverId: 'here' }],
  rttMs: [Float64Array.of(20, 20)],
}

function request(changes: Partial<SimRequest> = {}, index = 0): SimRequest {
  return {
    index,
    arriveMs: 1000,
    tenant: 0,
    gateway: 0,
    tokensIn: 1000,
    tokensOut: 101,
    prefixHashes: [],
    ttftSloMs: 600,
    tpotSloMs: 50,
    ...changes,
  }
}
const prefillMs = 1000 * 0.0317
const stepMs = 9 + 0.34 + 4.3e-5 * 1050.5

interface Heard {
  outcomes: { replica: number; atMs: number; outcome: SimOutcome }[]
  reports: { atMs: number; nowMs: number }[]
  links: { replica: number; up: boolean; nowMs: number }[]
  tried: number[][]
}

/** Replica 0 unless it has been tried, then replica 1; and it remembers what it heard. */
function firstThenSecond(more: (world: PolicyWorld) => Partial<PolicyInstance> = () => ({})) {
  const heard: Heard = { outcomes: [], reports: [], links: [], tried: [] }
  const policy: SimPolicy = {
    name: 'first-then-second',
    source: 'test',
    rule: 'test',
    create: (world) => ({
      choose(_request, _nowMs, tried) {
        heard.tried.push([...tried])
        return { kind: 'replica', replica: tried.includes(0) ? 1 : 0 }
      },
      onEnd: (index, _request, outcome, atMs) => void heard.outcomes.push({ replica: index, atMs, outcome }),
      onReport: (_index, report, nowMs) => void heard.reports.push({ atMs: report.atMs, nowMs }),
      onLink: (index, up, nowMs) => void heard.links.push({ replica: index, up, nowMs }),
      ...more(world),
    }),
  }
  return { heard, policy }
}

function run(policy: SimPolicy, requests: SimRequest[], faults: Partial<FaultPlan> = {}, world = fleet) {
  const result = simulate({ fleet: world, requests, policy, settings, faults: { ...noFaults, ...faults }, seed: 1 })
  return { ...result, figures: measureRun({ fleet: world, requests, settings }, result) }
}

test('an answer takes a round trip, the prefill and its steps', () => {
  const { log } = run(firstThenSecond().policy, [request()])
  expect(log.firstMs[0]).toBeCloseTo(1000 + 20 + prefillMs + stepMs, 6)
  expect(log.endMs[0]).toBeCloseTo(1000 + 20 + prefillMs + 101 * stepMs, 6)
})

test('a node that dies before the first token is silent until its link is noticed to be lost; then another serves', () => {
  const { heard, policy } = firstThenSecond()
  const outages = [{ replica: 0, fromMs: 1015, toMs: 9_000_000 }]
  const { log, figures } = run(policy, [request()], { outages })
  expect(heard.links.slice(2)).toEqual([{ replica: 0, up: false, nowMs: 1015 + settings.linkLossNoticedMs }])
  expect(heard.outcomes[0]).toMatchObject({ replica: 0, atMs: 2515, outcome: { kind: 'failed', ttftMs: null } })
  expect(log.firstMs[0]).toBeCloseTo(2515 + 20 + prefillMs + stepMs, 6)
  expect(figures).toMatchObject({
    finished: 1,
    failovers: 1,
    continuations: 0,
    lostBeforeFirstToken: 0,
    sloAttainment: 0,
  })
})

test('a stream cut after its first token goes on elsewhere: each token billed once, the second prefill billed, the gap felt', () => {
  const { policy } = firstThenSecond()
  const deathMs = 1010 + prefillMs + 40.5 * stepMs
  const { log, attempts, figures } = run(policy, [request()], {
    outages: [{ replica: 0, fromMs: deathMs, toMs: 9_000_000 }],
  })
  expect([...attempts.delivered.subarray(0, 2)]).toEqual([40, 61])
  expect(attempts.tokensIn[1]).toBe(1040)
  const noticedMs = deathMs + settings.linkLossNoticedMs
  const step2Ms = 9 + 0.34 + 4.3e-5 * (1040 + 61 / 2)
  const endMs = noticedMs + 20 + 1040 * 0.0317 + 61 * step2Ms
  expect(log.endMs[0]).toBeCloseTo(endMs, 6)
  expect(figures.tpotP50Ms).toBeCloseTo((endMs - (log.firstMs[0] as number)) / 100, 6)
  const { prices } = replica
  const billed = (2040 * prices.inPerMtok + 101 * prices.outPerMtok) / 1e6
  expect(billedMicroUsd(fleet, attempts, () => true)).toBeCloseTo(billed, 6)
  expect(figures).toMatchObject({ finished: 1, failovers: 0, continuations: 1 })
})

test('a link that is known to be lost refuses at once, and what failed before its first token is not billed', () => {
  const { heard, policy } = firstThenSecond()
  const { log, attempts } = run(policy, [request({ arriveMs: 5000 })], {
    outages: [{ replica: 0, fromMs: 100, toMs: 9_000_000 }],
  })
  expect(heard.outcomes[0]).toMatchObject({ replica: 0, atMs: 5000, outcome: { kind: 'failed' } })
  expect(log.firstMs[0]).toBeCloseTo(5000 + 20 + prefillMs + stepMs, 6)
  expect(attempts.delivered[0]).toBe(0)
})

test('a node that comes back is another incarnation: what was sent to the former one is lost', () => {
  const { heard, policy } = firstThenSecond()
  run(policy, [request()], { outages: [{ replica: 0, fromMs: 1005, toMs: 1400 }] })
  // Its new link, a round trip after it is back, is how the gateway learns of the death.
  expect(heard.links.slice(2)).toEqual([
    { replica: 0, up: false, nowMs: 1420 },
    { replica: 0, up: true, nowMs: 1420 },
  ])
  expect(heard.outcomes[0]).toMatchObject({ replica: 0, atMs: 1420, outcome: { kind: 'failed' } })
})

test('an attempt without a first token is given up in time, and its place on the node is freed', () => {
  const { heard, policy } = firstThenSecond()
  const slow = [{ replica: 0, fromMs: 0, toMs: 9_000_000, factor: 1000 }]
  const { log } = run(policy, [request()], { slowWindows: slow })
  expect(heard.outcomes[0]).toMatchObject({ replica: 0, atMs: 6000, outcome: { kind: 'failed', durationMs: 5000 } })
  expect(log.firstMs[0]).toBeCloseTo(6000 + 20 + prefillMs + stepMs, 6)
})

test('a full node refuses, one round trip later, and the request goes elsewhere', () => {
  const { heard, policy } = firstThenSecond()
  const tight: SimFleet = {
    ...fleet,
    replicas: fleet.replicas.with(0, Object.assign({}, replica, { kvTokens: 100 })),
  }
  const { figures } = run(policy, [request()], {}, tight)
  expect(heard.outcomes[0]).toMatchObject({ replica: 0, atMs: 1020, outcome: { kind: 'refused' } })
  expect(heard.tried).toEqual([[], [0]])
  expect(figures).toMatchObject({ finished: 1, failovers: 1 })
})

test('a customer who waits too long has gone: unfinished, and billed for what was delivered', () => {
  const slow = [{ replica: 0, fromMs: 1100, toMs: 9_000_000, factor: 1000 }]
  const { log, attempts, figures } = run(firstThenSecond().policy, [request()], { slowWindows: slow })
  expect(requestStates[log.state[0] as number]).toBe('unfinished')
  expect(log.endMs[0]).toBe(1000 + settings.requestTimeoutMs)
  expect(attempts.delivered[0]).toBeGreaterThan(0)
  expect(figures).toMatchObject({ unfinished: 1, sloAttainment: 0, costPerMtok: null, lostBeforeFirstToken: 0 })
})

test('attempts are bounded, and waiting ends with the request', () => {
  const down = [0, 1].map((index) => ({ replica: index, fromMs: 0, toMs: 9_000_000 }))
  const failing = run(firstThenSecond().policy, [request()], { outages: down })
  expect(failing.figures).toMatchObject({ failed: 1, failovers: settings.attemptsMax - 1, lostBeforeFirstToken: 1 })
  const patient: SimPolicy = {
    ...firstThenSecond().policy,
    create: () => ({ choose: () => ({ kind: 'wait', afterMs: 0 }) }),
  }
  expect(run(patient, [request()]).figures).toMatchObject({ unfinished: 1, lostBeforeFirstToken: 0 })
})

test('a heartbeat arrives half a round trip after it was taken, every second, and never from the dead', () => {
  const { heard, policy } = firstThenSecond()
  run(policy, [request({ arriveMs: 10_000 })], { outages: [{ replica: 0, fromMs: 0, toMs: 9_000_000 }] })
  expect(heard.reports.length).toBeGreaterThanOrEqual(10)
  expect(heard.reports.every(({ atMs, nowMs }) => Math.abs(nowMs - atMs - 10) < 1e-9)).toBe(true)
  const gaps = heard.reports.slice(1).map(({ atMs }, i) => atMs - (heard.reports[i]?.atMs ?? 0))
  expect(gaps.every((gap) => Math.abs(gap - settings.heartbeatMs) < 1e-9)).toBe(true)
})

test('a probe costs one round trip; a dead node answers with silence', () => {
  const answers: { from: number; report: SimReport | null; nowMs: number }[] = []
  const { policy } = firstThenSecond((world) => ({
    onDispatch: (_replica, { index }) => {
      if (index > 0) return
      for (const from of [0, 1]) world.probe(from, (report, nowMs) => answers.push({ from, report, nowMs }))
    },
  }))
  const outages = [{ replica: 1, fromMs: 0, toMs: 9_000_000 }]
  run(policy, [request(), request({ arriveMs: 4000 }, 1)], { outages })
  expect(answers).toMatchObject([
    { from: 0, report: { atMs: 1010 }, nowMs: 1020 },
    { from: 1, report: null, nowMs: 1010 + settings.linkLossNoticedMs },
  ])
})

/** By streams alone it would be known to those that have some there. */
test('a node in a slow time says so, by what its streams take, and as usual before it and after', () => {
  const paces: { atMs: number; pace: number | undefined }[] = []
  const { policy } = firstThenSecond(() => ({
    onReport: (index, { atMs, pace }) => void (index === 0 && paces.push({ atMs, pace })),
  }))
  const requests = Array.from({ length: 1_200 }, (_, index) => request({ arriveMs: 1000 + 100 * index }, index))
  run(policy, requests, { slowWindows: [{ replica: 0, fromMs: 80_000, toMs: 100_000, factor: 2.5 }] })
  const between = (fromMs: number, toMs: number) =>
    paces.flatMap(({ atMs, pace }) => (atMs > fromMs && atMs < toMs ? [pace ?? Number.NaN] : []))
  expect(paces[0]?.pace).toBeUndefined()
  for (const pace of between(60_000, 80_000)) expect(pace).toBeCloseTo(1, 0)
  for (const pace of between(82_100, 100_000)) expect(pace).toBeGreaterThan(1.8)
  for (const pace of between(103_000, 120_000)) expect(pace).toBeLessThan(1.25)
})
