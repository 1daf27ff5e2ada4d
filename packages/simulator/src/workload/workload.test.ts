import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { demoMarketData } from '../data/demo-market-data.ts'
import type { ServeGenClient } from '../data/read-servegen.ts'
import type { TraceRequest } from '../data/read-trace.ts'
import { buildMarketFleet } from '../fleet/build-market-fleet.ts'
import { fleetSummary } from '../fleet/fleet-summary.ts'
import { tokenPrices } from '../fleet/token-prices.ts'
import { loadMarket } from '../scenario/load-market.ts'
import { gap } from './random-gaps.ts'
import { mooncakeWorkload } from './mooncake-workload.ts'
import { prefixChain } from './prefix-chain.ts'
import { serveGenWorkload } from './servegen-workload.ts'
import { utilisationOf } from './utilisation.ts'
import { workloadAtUtilisation } from './workload-at-utilisation.ts'

const market = loadMarket()
const data = demoMarketData()
const { replicas: fleet, rttMs, gateways } = buildMarketFleet({ market, data, seed: 1 })

/** Ten minutes of a bursty trace: a burst each minute. */
function madeUpTrace(): TraceRequest[] {
  const rng = prng(5)
  let atMs = 0
  return Array.from({ length: 2_000 }, () => {
    atMs += -Math.log(1 - rng.unit()) * (atMs % 60_000 < 10_000 ? 100 : 500)
    return { atMs, tokensIn: 50 + rng.below(3_000), tokensOut: 5 + rng.below(400), blockIds: [1, rng.below(50)] }
  })
}
const trace = madeUpTrace()

test('the same seed and data give the same fleet; another seed another one', () => {
  expect(buildMarketFleet({ market, data, seed: 1 }).replicas).toEqual(fleet)
  expect(buildMarketFleet({ market, data, seed: 2 }).replicas).not.toEqual(fleet)
})

test('a fleet has its shares of lists, slow replicas, and a round trip from each gateway to each replica', () => {
  expect(fleet).toHaveLength(60)
  expect(fleetSummary(fleet).map(({ list, replicas }) => [list, replicas])).toEqual(
    expect.arrayContaining([['aws', expect.any(Number)]]),
  )
  for (const list of ['vast', 'neocloud', 'aws']) {
    expect(fleet.filter(({ priceSource }) => priceSource.startsWith(`${list}:`))).toHaveLength(20)
  }
  expect(fleet.filter(({ speed }) => speed > 1)).toHaveLength(6)
  expect(rttMs).toHaveLength(gateways.length)
  for (const row of rttMs) expect(row.every((ms) => ms >= 1 && ms < 500)).toBe(true)
  for (const { errorRate, meanUpMs } of fleet) {
    expect(errorRate).toBeGreaterThanOrEqual(0.0002)
    expect(errorRate).toBeLessThanOrEqual(0.002)
    expect(meanUpMs).toBeGreaterThan(0)
  }
})

/** The rule of prices: full of work at the TPOT SLO, a replica earns its rent. */
test('a replica that is full at the SLO earns what it costs per hour', () => {
  const prices = tokenPrices(market, 'H200', 32)
  const context = market.prices.contextTokens
  const tokensOutPerHour = (3.6e6 * (1 - 9 / 50)) / (0.34 + 4.3e-5 * context)
  expect((prices.outPerMtok * tokensOutPerHour) / 1e12).toBeCloseTo(32, 3)
  const tokensInPerHour = (3.6e6 * (1 - 9 / 50)) / 0.0317
  expect((prices.inPerMtok * tokensInPerHour) / 1e12).toBeCloseTo(32, 3)
  expect(prices.cachedPerMtok).toBe(Math.ceil(prices.inPerMtok / 10))
})

test('a workload has the asked utilisation, in order, from its seed', () => {
  for (const util of [0.1, 0.4, 0.75]) {
    const input = { trace, fleet, market, util, seed: 3, horizonMs: 40_000 }
    const requests = workloadAtUtilisation(input)
    expect(utilisationOf(requests, fleet, 40_000, 50) / util).toBeCloseTo(1, 2)
    expect(requests.map(({ index }) => index)).toEqual([...requests.keys()])
    const times = requests.map(({ arriveMs }) => arriveMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.every((ms) => ms >= 0 && ms < 40_000)).toBe(true)
    expect(workloadAtUtilisation(input)).toEqual(requests)
  }
})

test('each copy of the trace keeps its own order and gaps, and has prefixes of its own', () => {
  const requests = workloadAtUtilisation({ trace, fleet, market, util: 0.4, seed: 3, horizonMs: 120_000 })
  const first = requests.filter(({ tenant }) => tenant === 0)
  const at = trace.findIndex(({ tokensIn, tokensOut }, i) => {
    const [a, b] = first
    const next = trace[i + 1]
    return tokensIn === a?.tokensIn && tokensOut === a.tokensOut && next?.tokensIn === b?.tokensIn
  })
  const periodMs = (trace.at(-1)?.atMs ?? 0) * (1 + 1 / trace.length)
  const shiftMs = (trace[at]?.atMs ?? 0) - (first[0]?.arriveMs ?? 0)
  for (const [i, { arriveMs, tokensIn }] of first.entries()) {
    const source = trace[(at + i) % trace.length] as TraceRequest
    const round = at + i < trace.length ? 0 : periodMs
    expect(tokensIn).toBe(source.tokensIn)
    expect(arriveMs).toBeCloseTo(source.atMs + round - shiftMs, 6)
  }
  const own = new Set(first.flatMap(({ prefixHashes }) => prefixHashes))
  const others = requests.filter(({ tenant }) => tenant > 0).flatMap(({ prefixHashes }) => prefixHashes)
  expect(others.some((hash) => own.has(hash))).toBe(false)
})

test('every gateway gets its share of copies', () => {
  const requests = workloadAtUtilisation({ trace, fleet, market, util: 0.75, seed: 3, horizonMs: 60_000 })
  const copies = new Map(requests.map(({ tenant, gateway }) => [tenant, gateway]))
  for (const [gateway, share] of market.demandShareByGateway.entries()) {
    const got = [...copies.values()].filter((at) => at === gateway).length
    expect(Math.abs(got - share * copies.size)).toBeLessThanOrEqual(2)
  }
})

test('a utilisation that makes no sense is refused', () => {
  const input = { trace, fleet, market, seed: 1, horizonMs: 1_000 }
  expect(() => workloadAtUtilisation({ ...input, util: 0 })).toThrow(/utilisation above 0/)
  expect(() => workloadAtUtilisation({ ...input, util: Number.NaN })).toThrow(/utilisation above 0/)
  expect(() => workloadAtUtilisation({ ...input, trace: [], util: 0.4 })).toThrow(/no requests/)
  const last = { ...(trace[0] as TraceRequest), atMs: 1e15 }
  expect(() => workloadAtUtilisation({ ...input, trace: [...trace, last], util: 0.4 })).toThrow(/too thin/)
})

test('gaps between arrivals have mean 1 and the spread of their family', () => {
  for (const [family, shape, cv] of [
    ['Gamma', 0.25, 2],
    ['Gamma', 4, 0.5],
    ['Weibull', 1, 1],
    ['Weibull', 0.5, Math.sqrt(5)],
  ] as const) {
    const rng = prng(9)
    const gaps = Array.from({ length: 40_000 }, () => gap(rng, family, shape))
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    const spread = Math.sqrt(gaps.reduce((sum, value) => sum + (value - mean) ** 2, 0) / gaps.length)
    expect(Math.abs(mean - 1)).toBeLessThan(0.05)
    expect(Math.abs(spread / mean / cv - 1)).toBeLessThan(0.08)
  }
})

const client = (id: number, rateRps: number): ServeGenClient => ({
  client: id,
  rates: [0, 600, 1_200].map((startS) => ({ startS, rateRps, cv: 1, family: 'Gamma', shape: 1 })),
  lengths: [
    { startS: 0, tokensIn: [10, 20, 30, 50, 100, 200, 300, 400, 500], tokensOut: [1, 2, 3, 5, 10, 20, 30, 40, 50] },
  ],
})

test('ServeGen clients ask at their own rates, or at one utilisation with their shares kept', () => {
  const clients = [client(1, 20), client(2, 5)]
  const base = { clients, market, tenants: 2, seed: 4, horizonMs: 600_000, startS: 0 }
  const own = serveGenWorkload(base)
  expect(own.filter(({ tenant }) => tenant === 0).length / 600).toBeCloseTo(20, -0.5)
  expect(own.filter(({ tenant }) => tenant === 1).length / 600).toBeCloseTo(5, -0.5)
  const small = fleet.slice(0, 2)
  const target = serveGenWorkload({ ...base, target: { fleet: small, util: 0.5 } })
  expect(utilisationOf(target, small, 600_000, 50)).toBeCloseTo(0.5, 2)
  expect(target.at(-1)?.arriveMs).toBeLessThan(600_000)
  const share = target.filter(({ tenant }) => tenant === 0).length / target.length
  expect(share).toBeCloseTo(0.8, 1)
  const sorted = target.map(({ tokensIn }) => tokensIn).toSorted((a, b) => a - b)
  expect(sorted[0]).toBeGreaterThanOrEqual(10)
  expect(sorted.at(-1)).toBeLessThanOrEqual(500)
  expect(Math.abs((sorted[sorted.length >> 1] as number) - 100)).toBeLessThan(12)
})

test('equal prefix numbers mean equal prompts up to there', () => {
  const chain = prefixChain()
  expect(chain.hashesOf([5, 6, 7])).toEqual([1, 2, 3])
  expect(chain.hashesOf([5, 6, 8])).toEqual([1, 2, 4])
  // The same block after another prefix is another prefix.
  expect(chain.hashesOf([6, 7])).toEqual([5, 6])
})

test('turns of one conversation keep their times, share prefixes and come in at one gateway', () => {
  const turns: TraceRequest[] = [
    { atMs: 0, tokensIn: 1_024, tokensOut: 5, blockIds: [0, 1] },
    { atMs: 10, tokensIn: 1_024, tokensOut: 5, blockIds: [0, 2] },
    { atMs: 500, tokensIn: 1_536, tokensOut: 5, blockIds: [0, 1, 3] },
  ]
  const [first, other, second] = mooncakeWorkload({ trace: turns, market, seed: 1 })
  expect(second).toMatchObject({ arriveMs: 500, tenant: first?.tenant, gateway: first?.gateway })
  expect(second?.prefixHashes.slice(0, 2)).toEqual(first?.prefixHashes)
  expect(other?.tenant).not.toBe(first?.tenant)
  expect(mooncakeWorkload({ trace: turns, market, seed: 1, fromMs: 10, horizonMs: 100 })).toHaveLength(1)
})
