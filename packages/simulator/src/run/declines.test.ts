/** What a gateway does not know of others' prompts costs a round trip at most, and only those hear of them who ask for it. */
import { expect, test } from 'vitest'
import { DECLINES_MAX, PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import { isochrone } from '../policies/isochrone.ts'
import type { SimFleet, SimOutcome, SimPolicy, SimReport, SimRequest } from '../sim-types.ts'
import { measureRun } from './measure.ts'
import { noFaults, type FaultPlan } from './plan-faults.ts'
import { marketSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { testFleet } from './test-market.ts'

const settings = marketSettings({ warmUpMs: 0, heartbeatMs: 100_000 })
const LONG = 24_000
const asked = { tenant: 0, tokensOut: 11, prefixHashes: [], ttftSloMs: 700, tpotSloMs: 50 }
const short = (index: number, arriveMs: number): SimRequest => ({
  index,
  arriveMs,
  gateway: 1,
  tokensIn: 1_000,
  ...asked,
})
const long = (index: number, arriveMs: number): SimRequest => ({
  index,
  arriveMs,
  gateway: 0,
  tokensIn: LONG,
  ...asked,
  ttftSloMs: 2_100,
})

/** So many replicas alike, each a tenth dearer than the one before it. */
function fleetOf(replicas: number): SimFleet {
  const [first] = testFleet(1).replicas
  if (!first) throw new Error('the test fleet has a replica')
  const { inPerMtok, outPerMtok } = first.prices
  return {
    replicas: Array.from({ length: replicas }, (_, index) => {
      const factor = 1 + index / 10
      const prices = { ...first.prices, inPerMtok: inPerMtok * factor, outPerMtok: outPerMtok * factor }
      const names = { nodeId: `node-${index}`, failureDomain: `domain-${index}` }
      return { ...first, ...names, index, prices, errorRate: 0 }
    }),
    gateways: ['here', 'there'].map((name, index) => ({ index, name, serverId: name })),
    rttMs: [new Float64Array(replicas).fill(20), new Float64Array(replicas).fill(60)],
  }
}

interface World {
  requests: SimRequest[]
  replicas: number
  changes?: Partial<typeof settings>
  faults?: FaultPlan
  /** Hears what the policy hears, and changes nothing. */
  policy?: SimPolicy
}

function run({ requests, replicas, changes = {}, faults = noFaults, policy = isochrone }: World) {
  const ends: { request: number; replica: number; atMs: number; kind: SimOutcome['kind'] }[] = []
  const reports: { gateway: number; atMs: number; report: SimReport }[] = []
  const listening: SimPolicy = {
    ...policy,
    create(world) {
      const instance = policy.create(world)
      return {
        ...instance,
        onEnd(index, request, outcome, atMs) {
          ends.push({ request: request.index, replica: index, atMs, kind: outcome.kind })
          instance.onEnd?.(index, request, outcome, atMs)
        },
        onReport(index, report, atMs) {
          reports.push({ gateway: world.gateway.index, atMs, report })
          instance.onReport?.(index, report, atMs)
        },
      }
    },
  }
  const input = { fleet: fleetOf(replicas), requests, settings: { ...settings, ...changes }, faults, seed: 1 }
  const result = simulate({ ...input, policy: listening })
  const sent = Array.from({ length: result.attempts.count }, (_, attempt) => ({
    request: result.attempts.request[attempt],
    replica: result.attempts.replica[attempt],
    isBound: !Number.isNaN(result.attempts.prefillAheadMax[attempt]),
  }))
  return { ...result, ends, reports, sent, figures: measureRun(input, result) }
}
/** A gateway sends a short prompt to the cheapest node just after another one's long prompt, of which it cannot have heard. */
const behindOne = [long(0, 1_000), short(1, 1_005)]

test('a node before which more waits than may declines, with its report, and the request goes on a round trip later', () => {
  const { ends, reports, log, figures } = run({ requests: behindOne, replicas: 2 })
  expect(ends[0]).toEqual({ request: 1, replica: 0, atMs: 1_065, kind: 'declined' })
  const [first] = reports.filter(({ atMs, gateway }) => gateway === 1 && atMs === 1_065)
  expect(first).toMatchObject({ report: { activeStreams: 1, prefillTokens: LONG } })
  // Unloaded from there: a round trip, 1,000 tokens and the first step.
  expect((log.firstMs[1] as number) - 1_065).toBeCloseTo(60 + 31.7 + 9 + 0.34 + 4.3e-5 * 1005.5, 6)
  expect(figures).toMatchObject({ finished: 2, declines: 1, failovers: 0, sloAttainment: 1 })
})

test('a decline takes none of the attempts that a request has', () => {
  const { figures } = run({ requests: behindOne, replicas: 2, changes: { attemptsMax: 1 } })
  expect(figures).toMatchObject({ finished: 2, declines: 1, failed: 0 })
})

test('so many nodes may decline a request as the rule says, and the next one takes it', () => {
  const replicas = 3 * DECLINES_MAX
  const blocking = Array.from({ length: replicas }, (_, index) => long(index, 1_000 + index))
  // Wherever it goes it is behind what another gateway sent, and it hears of that by reports alone.
  const deaf: SimPolicy = { ...isochrone, create: (world) => ({ ...isochrone.create(world), hearsOfPrompts: false }) }
  const { sent, figures } = run({ requests: [...blocking, short(replicas, 1_005)], replicas, policy: deaf })
  const ofShort = sent.filter(({ request }) => request === replicas)
  expect(ofShort.map(({ isBound }) => isBound)).toEqual([...Array.from({ length: DECLINES_MAX }, () => true), false])
  expect(figures).toMatchObject({ finished: replicas + 1, declines: DECLINES_MAX })
})

test('where there is nowhere else by then, it goes back to the node that declined it, and waits there', () => {
  // The other node dies, and the link says so, while the attempt is on its way.
  const faults = { ...noFaults, outages: [{ replica: 1, fromMs: 1_000, toMs: 100_000 }] }
  const { sent, log } = run({ requests: behindOne, replicas: 2, faults, changes: { linkLossNoticedMs: 50 } })
  expect(sent.filter(({ request }) => request === 1)).toEqual([
    { request: 1, replica: 0, isBound: true },
    { request: 1, replica: 0, isBound: false },
  ])
  expect(log.state[1]).toBe(1)
})

test('a declined request is hedged like any other', () => {
  // The node that it goes to next has just become slow; requests before it have earned a hedge.
  const before = Array.from({ length: 40 }, (_, index) => short(index, 1_000 + 200 * index))
  const requests = [...before, long(40, 10_000), short(41, 10_005)]
  const faults = { ...noFaults, slowWindows: [{ replica: 1, fromMs: 10_000, toMs: 100_000, factor: 100 }] }
  const { figures, sent } = run({ requests, replicas: 3, faults, changes: { heartbeatMs: 1_000 } })
  expect(sent.filter(({ request }) => request === 41).map(({ replica: at }) => at)).toEqual([0, 1, 2])
  expect(figures).toMatchObject({ declines: 1, hedges: 1, sloAttainment: 1 })
})

test('a stream that goes on elsewhere has no bound: its first token has come', () => {
  // The node dies in the middle of the answer.
  const faults = { ...noFaults, outages: [{ replica: 0, fromMs: 1_400, toMs: 100_000 }] }
  const requests = [{ ...short(0, 1_000), tokensOut: 200 }]
  const { sent, figures } = run({ requests, replicas: 3, faults })
  expect(sent.map(({ isBound }) => isBound)).toEqual([true, false])
  expect(figures).toMatchObject({ continuations: 1, finished: 1 })
})

test('a long prompt is told at once to gateways that hear of prompts, half a round trip late, and to no others', () => {
  const deaf: SimPolicy = {
    ...isochrone,
    create: (world) => ({ ...isochrone.create(world), hearsOfPrompts: false, choose: () => first }),
  }
  const hearing: SimPolicy = { ...deaf, create: (world) => ({ ...deaf.create(world), hearsOfPrompts: true }) }
  const first = { kind: 'replica', replica: 0 } as const
  const toldOf = (policy: SimPolicy, tokensIn: number) =>
    run({ requests: [{ ...long(0, 1_000), tokensIn }], replicas: 2, policy })
      .reports.filter(({ atMs }) => atMs > 1_000 && atMs < 1_100)
      .map(({ gateway, atMs, report }) => [gateway, atMs, report.prefillTokens])
  expect(toldOf(hearing, PROMPT_NOTICE_TOKENS)).toEqual([
    [0, 1_020, PROMPT_NOTICE_TOKENS],
    [1, 1_040, PROMPT_NOTICE_TOKENS],
  ])
  expect(toldOf(deaf, PROMPT_NOTICE_TOKENS)).toEqual([])
  expect(toldOf(hearing, PROMPT_NOTICE_TOKENS - 1)).toEqual([])
})
