/**
 * Runs one scenario on real processes: Postgres, Redis, gateways, and nodes whose engines keep the time of real ones. Variants
 * take turns in each round with the same prompts, or run at the same time where they share nodes. Bounded in count and time;
 * ends what it started.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { freePort } from '@isochrone/local-stack'
import { receiptStreamEntry, redisKeys } from '@isochrone/protocol'
import { startGatewayWorld, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { ask, sleep } from '../reliability/client.ts'
import { unlimited } from '../reliability/market.ts'
import { drawArrivals, ttftSloMsOf, type Arrival, type Scenario, type Variant } from './slo-plan.ts'
import { rowOf, type Counters, type Lateness, type Row, type Sent } from './slo-row.ts'

export interface SloRun {
  readonly rounds: number
  readonly seconds: number
  readonly seed: number
  readonly note: (line: string) => void
}

/** Simulated round trip between gateways and nodes, ms. */
const RTT_MS = 40
/** Before the first round: caps and fits begin low. Not counted. */
const WARM_S = 12
/** Until what was refused is on the stream. */
const PUBLISHED_MS = 1_500
const MONEY_MICRO_USD = 1_000_000_000_000n

export async function measureSlo(scenario: Scenario, { rounds, seconds, seed, note }: SloRun): Promise<Row[]> {
  const nodes = scenario.nodeSets.reduce((sum, { count }) => sum + count, 0)
  const world = await startGatewayWorld(nodes, MONEY_MICRO_USD)
  try {
    world.redis.on('error', () => undefined)
    await unlimited(world, 'org_w')
    const opsUrls = await startAll(world, scenario)
    const { variants, together } = scenario
    const turns = together ? [variants] : variants.map((variant) => [variant])
    const measured: { variant: Variant; round: number; sent: Sent[]; counters: Counters; late: Lateness }[] = []
    for (let round = 0; round <= rounds; round++) {
      const arrivals = drawArrivals(scenario, round === 0 ? WARM_S : seconds, seed * 1_000 + round)
      // Whoever comes first in a round is another one each time.
      const order = round % 2 === 0 ? turns : turns.toReversed()
      for (const turn of order) {
        const before = await countersOf(opsUrls)
        const fromMs = Date.now()
        const sent = await Promise.all(turn.map((variant) => send(world, scenario, variant, arrivals)))
        const after = await countersOf(opsUrls)
        if (round === 0) continue
        const load = sent.map(({ lateMs }) => lateMs)
        for (const [index, variant] of turn.entries()) {
          const late = lateOf(world, scenario, variant, after.lateMs, fromMs, Math.max(...load))
          const counters = countedBy(variant, before.counts, after.counts)
          measured.push({ variant, round, sent: sent[index]?.sent ?? [], counters, late })
          note(`round ${round} of ${rounds}: ${variant.name}`)
        }
      }
    }
    await sleep(PUBLISHED_MS)
    const records = await refusalsOf(world)
    return measured.map(({ variant, round, sent, counters, late }) =>
      rowOf({ variant: variant.name, round }, sent, counters, records, late),
    )
  } finally {
    await world.stop()
  }
}

/** Resolves with the addresses of the gateways' metrics when all nodes are linked. */
async function startAll(world: GatewayWorld, scenario: Scenario): Promise<string[]> {
  const opsUrls: string[] = []
  for (const [index, env] of scenario.gateways.entries()) {
    const port = await freePort()
    opsUrls.push(`http://127.0.0.1:${port}/metrics`)
    await world.startGateway(index, { ...env, OPS_PORT: String(port), LOG_LEVEL: 'warn' })
  }
  let first = 0
  for (const { count, gateways, ...plan } of scenario.nodeSets) {
    const gatewayUrls = gateways.map(world.urlOf)
    world.startNodes(first, count, { ...plan, gatewayUrls, concurrencyMax: scenario.concurrencyMax, rttMs: RTT_MS })
    first += count
  }
  for (const { count, gateways } of scenario.nodeSets) for (const index of gateways) await world.linked(count, index)
  return opsUrls
}

async function send(
  world: GatewayWorld,
  { tokensOut }: Scenario,
  { gateways, routing }: Variant,
  arrivals: readonly Arrival[],
): Promise<{ sent: Sent[]; lateMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const startedMs = performance.now()
  const under: Promise<Sent>[] = []
  for (const { atMs, tokensIn, gateway, prompt } of arrivals) {
    await sleep(Math.max(0, startedMs + atMs - performance.now()))
    const index = gateways[Math.floor(gateway * gateways.length)] ?? 0
    const body = {
      model: 'timed',
      stream: true,
      max_tokens: tokensOut,
      messages: [{ role: 'user', content: prompt }],
      routing: { ...routing, ttft_slo_ms: ttftSloMsOf(tokensIn) },
    }
    const sentMs = performance.now()
    const asked = ask({ url: world.urlOf(index), key: WORLD_KEY, body })
    under.push(
      asked.then(({ requestId, status, whole, ttftMs, text }) => {
        const durationMs = performance.now() - sentMs
        return { tokensIn, requestId, status, whole, ttftMs, durationMs, tokensOut: text === '' ? 0 : tokensOut }
      }),
    )
  }
  const sent = await Promise.all(under)
  delay.disable()
  return { sent, lateMs: Math.round(delay.max / 1e6) }
}

/** One of each gateway; reading it begins the next maximum of its lateness. */
async function countersOf(opsUrls: readonly string[]): Promise<{ counts: Counters[]; lateMs: number[] }> {
  const texts = await Promise.all(opsUrls.map(async (url) => await (await fetch(url)).text()))
  const valueOf = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return {
    counts: texts.map((text) => ({
      declines: valueOf(text, 'isochrone_gateway_declines_total'),
      hedges: valueOf(text, 'isochrone_gateway_hedges_total'),
      moves: valueOf(text, 'isochrone_gateway_moves_total'),
    })),
    lateMs: texts.map((text) => Math.round(1_000 * valueOf(text, 'nodejs_eventloop_lag_max_seconds'))),
  }
}

function countedBy({ gateways }: Variant, before: readonly Counters[], after: readonly Counters[]): Counters {
  const sum = (of: (counters: Counters) => number) =>
    gateways.reduce((total, index) => total + of(after[index] as Counters) - of(before[index] as Counters), 0)
  return { declines: sum((c) => c.declines), hedges: sum((c) => c.hedges), moves: sum((c) => c.moves) }
}

function lateOf(
  { stack }: GatewayWorld,
  { nodeSets }: Scenario,
  { gateways }: Variant,
  gatewaysLateMs: readonly number[],
  fromMs: number,
  loadMs: number,
): Lateness {
  let first = 0
  let nodesMs = 0
  for (const set of nodeSets) {
    const said = readFileSync(join(stack.dir, `nodes-${first}.log`), 'utf8').split('\n')
    first += set.count
    if (!set.gateways.some((index) => gateways.includes(index))) continue
    for (const line of said) {
      const [, atMs = '0', lateMsMax = '0'] = /^\{"atMs":(\d+),"lateMsMax":(\d+)\}$/.exec(line) ?? []
      if (Number(atMs) > fromMs) nodesMs = Math.max(nodesMs, Number(lateMsMax))
    }
  }
  return { gatewaysMs: Math.max(...gateways.map((index) => gatewaysLateMs[index] ?? 0)), nodesMs, loadMs }
}

/** The decisions by which requests were refused, by request. */
async function refusalsOf({ redis }: GatewayWorld): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const [, fields] of await redis.xrange(redisKeys.receipts, '-', '+')) {
    const entry = receiptStreamEntry.parse(JSON.parse(fields[1] ?? ''))
    if (entry.type === 'request-finished' && entry.request.httpStatus === 503)
      found.set(entry.request.requestId, entry.request.placement)
  }
  return found
}
