import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAppError } from '@isochrone/domain'
import { afterAll, expect, test } from 'vitest'
import { demoMarketData } from '../data/demo-market-data.ts'
import { buildMarketFleet } from '../fleet/build-market-fleet.ts'
import { loadMarket } from '../scenario/load-market.ts'
import { readMarketWorkload, requestsAt } from './market-workload.ts'
import { utilisationOf } from './utilisation.ts'

const folder = mkdtempSync(join(tmpdir(), 'isochrone-workload-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, lines: string[]): string => {
  const file = join(folder, name)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const header = 'model,client,window_start_s,rate_rps,cv,arrival,shape'
const quantiles = 'p01,p05,p10,p25,p50,p75,p90,p95,p99'
const lengths = (model: string, field: string) => `${model},0,0,${field},1,2,3,5,10,20,30,40,50`
const rates = write('two_rates.csv', [
  header,
  ...['small', 'large'].flatMap((model) => [0, 600].map((start) => `${model},0,${start},40,1,Gamma,1`)),
])
write('two_tokens.csv', [
  `model,client,window_start_s,field,${quantiles}`,
  ...['small', 'large'].flatMap((model) => [lengths(model, 'input_tokens'), lengths(model, 'output_tokens')]),
])
const trace = write('calls.csv', [
  'TIMESTAMP,ContextTokens,GeneratedTokens',
  ...Array.from({ length: 50 }, (_, n) => `2026-01-01 09:00:${String(n).padStart(2, '0')}.0000000,500,60`),
])

/** `npm run sim` compares policies on either, so either has to come as the utilisation that was asked for. */
test('a trace and the clients of a model come at the utilisation that is asked for', () => {
  const market = loadMarket()
  const small = { ...market, fleet: { ...market.fleet, replicas: 3 } }
  const fleet = buildMarketFleet({ market: small, data: demoMarketData(), seed: 1 }).replicas
  const at = { fleet, market: small, util: 0.3, seed: 1, horizonMs: 60_000 }
  for (const workload of [readMarketWorkload(trace, null, 64), readMarketWorkload(rates, 'large', 5)]) {
    const requests = requestsAt(workload, at)
    expect(utilisationOf(requests, fleet, at.horizonMs, market.slo.tpotMs)).toBeCloseTo(0.3, 1)
    expect(new Set(requests.map(({ tenant }) => tenant)).size).toBeGreaterThan(1)
  }
})

test.each([
  ['clients without a model', rates, null, /two_rates\.csv, field model: name a model; it has small, large$/],
  [
    'a model that nobody has',
    rates,
    'huge',
    /two_rates\.csv, field model: there is no model 'huge'; it has small, large$/,
  ],
  ['a model of a trace', trace, 'large', /calls\.csv is a trace and has no models: leave 'large' out$/],
  ['rates whose lengths cannot be found', write('rates.csv', [header]), 'large', /expected a name with '_rates'/],
  [
    'lengths that are not there',
    write('lonely_rates.csv', [header, 'large,0,0,40,1,Gamma,1']),
    'large',
    /lonely_tokens\.csv: there is no such file$/,
  ],
])('%s: one line says so', (_what, file, model, line) => {
  let message: string | undefined
  try {
    readMarketWorkload(file, model, 64)
  } catch (error) {
    message = isAppError(error) ? error.publicMessage : undefined
  }
  expect(message).toMatch(line)
  expect(message).not.toContain('\n')
})
