/** The four scenarios at a size that a test can afford: the same code, the same targets, made-up data. */
import { expect, test } from 'vitest'
import { demoMarketData } from '../data/demo-market-data.ts'
import type { TraceRequest } from '../data/read-trace.ts'
import { isochrone } from '../policies/isochrone.ts'
import { random } from '../policies/random.ts'
import { loadMarket, type Market } from '../scenario/load-market.ts'
import { demoClients } from './demo-clients.ts'
import { demoConversations } from './demo-conversations.ts'
import { fairnessScenario } from './fairness-scenario.ts'
import { infiniteCacheHits } from './infinite-cache.ts'
import { jainIndex } from './jain-index.ts'
import { killScenario } from './kill-scenario.ts'
import { prefixScenario } from './prefix-scenario.ts'
import { tiersScenario } from './tiers-scenario.ts'

const market = loadMarket()
const blockTokens = market.prefix.blockTokens
const conversations = demoConversations({ conversations: 2_000, spanMs: 600_000, blockTokens })
const calls: TraceRequest[] = demoConversations({ conversations: 400, spanMs: 600_000, blockTokens, seed: 2 }).map(
  ({ atMs, tokensIn, tokensOut }) => ({ atMs, tokensIn: 1 + (tokensIn >> 2), tokensOut, blockIds: [] }),
)

test('the infinite cache hits what any earlier prompt began with, and never the last token', () => {
  const request = { arriveMs: 0, tenant: 0, gateway: 0, tokensOut: 1, ttftSloMs: 1, tpotSloMs: 1 }
  const hits = infiniteCacheHits(
    [
      { ...request, index: 0, tokensIn: 30, prefixHashes: [1, 2, 3] },
      { ...request, index: 1, tokensIn: 30, prefixHashes: [1, 2, 4] },
      { ...request, index: 2, tokensIn: 20, prefixHashes: [1, 2] },
    ],
    10,
  )
  expect(hits).toEqual({ blocks: 4, tokens: 20 + 19, promptBlocks: 8, promptTokens: 80 })
})

test('Jain: equal shares are 1, one of four with everything is a quarter', () => {
  expect(jainIndex([3, 3, 3])).toBeCloseTo(1)
  expect(jainIndex([8, 0, 0, 0])).toBe(0.25)
  expect(jainIndex([])).toBe(1)
})

test('prefix: 90 % of the hits of an infinite cache at a load of at most 1.25 times the mean, over several gateways', () => {
  const ours = prefixScenario({ market, trace: conversations, policy: isochrone, seed: 1, replicas: 6 })
  expect(ours.shareOfInfinite).toBeGreaterThanOrEqual(0.9)
  expect(ours.shareOfInfinite).toBeLessThanOrEqual(1)
  expect(ours.load.engineTime).toBeLessThanOrEqual(1.25)
  expect(ours.figures.finished).toBe(conversations.length)
  const blind = prefixScenario({ market, trace: conversations, policy: random, seed: 1, replicas: 6 })
  expect(blind.shareOfInfinite).toBeLessThan(0.6)
  expect(blind.infiniteHitShare).toBe(ours.infiniteHitShare)
})

test('fairness: in a backlog, backlogged tenants are served alike and modest ones at once; by arrival they are not', () => {
  const small: Market = { ...market, fairness: { ...market.fairness, tenants: 24, horizonMs: 60_000 } }
  const common = { market: small, clients: demoClients(24), seed: 1, replicas: 1, windowMs: 15_000 }
  const fair = fairnessScenario({ ...common, order: 'fair' })
  expect(fair.backloggedThroughout).toBeGreaterThanOrEqual(2)
  expect(fair.jainThroughout).toBeGreaterThanOrEqual(0.95)
  expect(fair.jainWindowMin).toBeGreaterThanOrEqual(0.95)
  expect(fair.figures.utilisation).toBeGreaterThan(1.2)
  // The same where the tenants come in at four gateways that tell one another what they served.
  const apart = fairnessScenario({ ...common, order: 'fair', gateways: 4 })
  expect(apart.windows).toBeGreaterThanOrEqual(1)
  expect(apart.jainWindowMin).toBeGreaterThanOrEqual(0.95)
  expect(apart.figures.utilisation).toBeGreaterThan(0.95 * fair.figures.utilisation)
  const fifo = fairnessScenario({ ...common, order: 'fifo' })
  expect(fifo.jainThroughout).toBeLessThan(0.95)
  expect(fair.modestTtftP50Ms ?? Infinity).toBeLessThan((fifo.modestTtftP50Ms ?? 0) / 10)
})

test('kill: 5 % of the fleet dies, no request is lost before its first token, and P99 TTFT stays within 1.5 times', () => {
  const small: Market = {
    ...market,
    fleet: { ...market.fleet, replicas: 20 },
    warmUpMs: 20_000,
    kill: { ...market.kill, atMs: 50_000, windowMs: 30_000, backAfterMs: 60_000 },
  }
  let cutStreams = 0
  for (const seed of [1, 2, 3]) {
    const data = demoMarketData()
    const result = killScenario({
      market: small,
      data,
      workload: { kind: 'trace', trace: calls },
      policy: isochrone,
      seed,
      churn: false,
    })
    expect(result.killed).toBe(1)
    expect(result.withoutFirstToken).toBe(0)
    expect(result.lostBeforeFirstToken).toBe(0)
    expect(result.ttftP99Ratio).toBeLessThanOrEqual(1.5)
    cutStreams += result.before.continuations + result.after.continuations
  }
  expect(cutStreams).toBeGreaterThan(0)
})

test('tiers: without the edge the next tiers serve, nobody leaves its country, and the edge is used again in seconds', () => {
  const tiers = { ...market.tiers, edgeLostAtMs: 60_000, edgeBackAtMs: 120_000 }
  const result = tiersScenario({ market: { ...market, warmUpMs: 20_000, tiers }, trace: calls, seed: 1 })
  const share = (phase: string) => result.rows.filter((row) => row.phase === phase).map((row) => row.share)
  expect(result.outsidePolicy).toBe(0)
  expect(result.withoutFirstToken).toBe(0)
  expect(result.unfinished).toBe(0)
  expect(result.backAfterMs ?? Infinity).toBeLessThanOrEqual(10_000)
  // Of 42 replicas 6 are at the edge: with more than a seventh of the requests it is sought, not met by chance.
  const before = share('before the loss')
  for (const { edge } of before) expect(edge).toBeGreaterThan(1 / 7)
  for (const { edge, regional, cloud } of share('without the edge')) {
    expect(edge).toBe(0)
    expect(regional + cloud).toBeCloseTo(1)
    expect(regional).toBeGreaterThan(0.3)
  }
  share('after the return').forEach(({ edge }, group) => {
    expect(edge).toBeGreaterThan(0.7 * (before[group]?.edge ?? 1))
  })
})
