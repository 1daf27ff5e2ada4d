/**
 * What the measured data sets must go on giving: where they are, which CI has and a user's checkout need not.
 */
import { join } from 'node:path'
import {
  allFaults,
  assertNotBelowBound,
  boundOf,
  buildMarketFleet,
  engineBoundOf,
  fleetSummary,
  hasMarketData,
  loadMarket,
  lpBound,
  meetsSloFrom,
  mooncakeWorkload,
  namedPolicies,
  prepareMarketRun,
  readMarketData,
  readServeGen,
  readTrace,
  runPolicy,
  utilisationOf,
  workloadAtUtilisation,
  type MarketData,
} from '@isochrone/simulator'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'

const folder = join(projectRoot, '../shared/data')
const absent = !hasMarketData(folder)
const market = loadMarket()
let read: MarketData | undefined
/** Read once: it takes a second. */
const data = () => (read ??= readMarketData(folder))

test('the price lists give a fleet of three kinds of list whose cheap third is far below its dear one', ({ skip }) => {
  skip(absent, 'the data sets are not here')
  const { replicas } = buildMarketFleet({ market, data: data(), seed: 1 })
  const rows = fleetSummary(replicas)
  expect(rows.reduce((sum, row) => sum + row.replicas, 0)).toBe(60)
  const median = (list: string, gpuClass: string) =>
    rows.find((row) => row.list === list && row.gpuClass === gpuClass)?.usdPerGpuHourMedian ?? Number.NaN
  expect(median('aws', 'H200') / median('vast', 'H200')).toBeGreaterThan(1.5)
  const { network, prices } = data()
  expect(prices.filter(({ list }) => list === 'neocloud')).toHaveLength(20)
  expect(network.servers).toHaveLength(246)
  const [london, newYork] = [network.indexOf('London'), network.indexOf('NewYork')]
  expect(network.rttMs(london, newYork)).toBeGreaterThan(65)
  expect(network.rttMs(london, newYork)).toBeLessThan(80)
})

test('the Azure trace scales to a utilisation, and its bound lies below the mean price', async ({ skip }) => {
  skip(absent, 'the data sets are not here')
  const trace = readTrace(join(folder, 'traces/azure_llm_2023_conv.csv'))
  expect(trace).toHaveLength(19_366)
  const { replicas: fleet } = buildMarketFleet({ market, data: data(), seed: 1 })
  const requests = workloadAtUtilisation({ trace, fleet, market, util: 0.4, seed: 1, horizonMs: 120_000 })
  expect(utilisationOf(requests, fleet, 120_000, market.slo.tpotMs)).toBeCloseTo(0.4, 2)
  const bound = await lpBound({ requests, fleet, market })
  const [tokensIn, tokensOut] = requests.reduce(([a, b], r) => [a + r.tokensIn, b + r.tokensOut], [0, 0])
  const usd = fleet.map(({ prices }) => (tokensIn * prices.inPerMtok + tokensOut * prices.outPerMtok) / 1e12)
  const mean = usd.reduce((a, b) => a + b, 0) / fleet.length
  expect(bound.status).toBe('optimal')
  expect(bound.usd).toBeGreaterThan(Math.min(...usd))
  expect(bound.usd).toBeLessThan(0.7 * mean)
})

/** Sixty replicas at their lists' prices, which come and go, err and slow down: what the published figures are made of. */
test(
  'no policy that meets the SLO on the Azure trace costs less than the bound',
  { timeout: 240_000 },
  async ({ skip }) => {
    skip(absent, 'the data sets are not here')
    const trace = readTrace(join(folder, 'traces/azure_llm_2023_conv.csv'))
    const workload = { kind: 'trace', trace } as const
    const world = { market, data: data(), workload, util: 0.6, seed: 51, horizonMs: 90_000, faults: allFaults }
    const run = prepareMarketRun(world)
    const names = ['isochrone', 'power-of-two-choices', 'prequal', 'openrouter', 'litellm-latency']
    const results = namedPolicies
      .filter(({ name }) => names.includes(name))
      .map((policy) => ({ policy: policy.name, ...runPolicy(run, policy) }))
    const bound = await boundOf(run)
    const engine = await engineBoundOf(run, bound)
    assertNotBelowBound(results, bound)
    assertNotBelowBound(results, engine)
    expect(engine.costPerMtok).toBeGreaterThan(bound.costPerMtok)
    // Each is held against it: all five meet the SLO, and faults have hit all five.
    expect(results.filter((row) => row.sloAttainment >= meetsSloFrom && row.failovers > 0)).toHaveLength(names.length)
    // A bound far below what is paid would forbid nothing.
    const least = Math.min(...results.map(({ costPerMtok }) => costPerMtok ?? Infinity))
    expect(least).toBeLessThan(1.25 * bound.costPerMtokAt99)
  },
)

test('Mooncake and ServeGen are read whole', ({ skip }) => {
  skip(absent, 'the data sets are not here')
  const trace = readTrace(join(folder, 'traces/mooncake_conversation.jsonl.gz'))
  const requests = mooncakeWorkload({ trace, market, seed: 1 })
  expect(requests).toHaveLength(12_031)
  expect(new Set(requests.flatMap(({ prefixHashes }) => prefixHashes)).size).toBe(182_790)
  const files = { rates: 'servegen_client_rates.csv.gz', tokens: 'servegen_client_tokens.csv.gz' }
  const at = (name: string) => join(folder, 'traces', name)
  expect(readServeGen({ rates: at(files.rates), tokens: at(files.tokens) }, 'm-small')).toHaveLength(35)
})
