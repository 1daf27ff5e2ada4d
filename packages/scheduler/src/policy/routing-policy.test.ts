import { isAppError } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataPolicies, trustLevels } from '../offer.ts'
import { mergeRouting } from './merge-routing.ts'
import { splitModelSuffix } from './model-suffix.ts'
import { parseRoutingPolicy } from './parse-routing-policy.ts'
import { expandRegion, intersectRegions, regionAllowed } from './regions.ts'
import { secondsBySort } from './routing-defaults.ts'
import { routingSorts, type RoutingWish } from './routing-wish.ts'

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isAppError(error)) return `${error.code} ${error.field}: ${error.publicMessage}`
    throw error
  }
  return 'accepted'
}
const refused = (json: unknown): string => refusal(() => parseRoutingPolicy(json))

test('everything that a policy can say is read, in the units that it is said in', () => {
  const { policy } = parseRoutingPolicy({
    sort: 'price',
    max_price: { input: 0.29, output: '1.1', request: 0.000_000_9 },
    ttft_slo_ms: 800,
    tpot_slo_ms: 40,
    regions: ['EU', 'us', 'eu-de'],
    exclude: ['node_1', 'node_1'],
    min_trust: 'challenged',
    data_policy: 'no_training',
    gpu_classes: ['h200'],
    allow_fallbacks: false,
  })
  expect(policy.maxPrice).toEqual({ inPerMtok: 290_000, outPerMtok: 1_100_000, requestMicroUsd: 0 })
  expect(policy.regions).toHaveLength(29)
  expect(policy.regions).toEqual(expect.arrayContaining(['DE', 'FR', 'US', 'eu-de']))
  expect(policy.exclude).toEqual(['node_1'])
  expect(policy.gpuClasses).toEqual(['H200'])
  expect(parseRoutingPolicy(null).policy).toEqual({})
  expect(parseRoutingPolicy({ sort: null, max_price: { input: null } }).policy).toEqual({ maxPrice: {} })
})

test('each mistake is one sentence about one field that says what would be right', () => {
  const cases: [unknown, string][] = [
    [
      { srot: 'price' },
      'invalid_input routing.srot: routing.srot is no field of a routing policy; did you mean routing.sort?',
    ],
    [
      { max_price: { ouput: 1 } },
      'invalid_input routing.max_price.ouput: routing.max_price.ouput is no field of a routing policy; did you mean routing.max_price.output?',
    ],
    [
      { maxPrice: {} },
      'invalid_input routing.maxPrice: routing.maxPrice is no field of a routing policy; did you mean routing.max_price?',
    ],
    [
      { max_price: { output: 'cheap' } },
      'invalid_input routing.max_price.output: routing.max_price.output must be USD per million tokens of output, as a number.',
    ],
    [
      { max_price: { output: -1 } },
      'invalid_input routing.max_price.output: routing.max_price.output must not be negative: it is USD per million tokens of output.',
    ],
    [
      { max_price: 1 },
      'invalid_input routing.max_price: routing.max_price must be an object with input, output (USD per million tokens) or request (USD).',
    ],
    [
      { sort: 'cheap' },
      'invalid_input routing.sort: routing.sort must be one of price, latency, throughput, balanced.',
    ],
    [
      { sort: 'latancy' },
      'invalid_input routing.sort: routing.sort must be one of price, latency, throughput, balanced; did you mean latency?',
    ],
    [
      { ttft_slo_ms: 0 },
      'invalid_input routing.ttft_slo_ms: routing.ttft_slo_ms must be more than 0 ms: no replica answers in no time; leave it out to have no target of your own.',
    ],
    [
      { ttft_slo_ms: Number.NaN },
      'invalid_input routing.ttft_slo_ms: routing.ttft_slo_ms must be a time in milliseconds, as a number.',
    ],
    [{ regions: ['UK'] }, 'invalid_input routing.regions.0: "UK" is no ISO 3166 country code; write GB.'],
    [
      { regions: ['DE', 'XX'] },
      'invalid_input routing.regions.1: "XX" is not a region: give an ISO 3166 country code such as DE, EU or EEA, or a provider\'s region such as eu-de.',
    ],
    [
      { regions: [] },
      'invalid_input routing.regions: routing.regions is an empty list, which allows none; name at least one, or leave it out to allow all.',
    ],
    [
      { regions: 'DE' },
      'invalid_input routing.regions: routing.regions must be a list of countries such as DE or EU, or provider regions such as eu-de.',
    ],
    [
      { min_trust: 'atested' },
      'invalid_input routing.min_trust: routing.min_trust must be one of claimed, challenged, attested; did you mean attested?',
    ],
    [
      { allow_fallbacks: 'no' },
      'invalid_input routing.allow_fallbacks: routing.allow_fallbacks must be true or false.',
    ],
    [
      { sort: 'price', value_of_second_usd: 0.1 },
      'invalid_input routing.value_of_second_usd: routing.value_of_second_usd contradicts routing.sort: "price" already says what a second is worth; send one of the two.',
    ],
    [
      { value_of_second_usd: 1e300 },
      'invalid_input routing.value_of_second_usd: routing.value_of_second_usd must be at most 1,000,000: it is what a second is worth to you in USD.',
    ],
    ['price', 'invalid_input routing: routing must be an object.'],
    [[], 'invalid_input routing: routing must be an object.'],
  ]
  for (const [json, message] of cases) expect(refused(json)).toBe(message)
})

test('any JSON is either read or refused as invalid input, never a crash', () => {
  const known = ['sort', 'max_price', 'regions', 'exclude', 'ttft_slo_ms', 'gpu_classes', 'min_trust', 'x']
  const json = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...known), fc.jsonValue()))
  fc.assert(
    fc.property(json, (value) => void refused(value)),
    { numRuns: 500 },
  )
})

test('a suffix sorts, other colons belong to the model', () => {
  expect(splitModelSuffix('qwen:price')).toEqual({ model: 'qwen', suffix: 'price' })
  expect(splitModelSuffix('llama3:8b')).toEqual({ model: 'llama3:8b', suffix: null })
  expect(splitModelSuffix('llama3:8b:latency')).toEqual({ model: 'llama3:8b', suffix: 'latency' })
  expect(splitModelSuffix(':price')).toEqual({ model: ':price', suffix: null })
})

test('the request wins for preferences, the suffix over the organisation, and contradictions are refused', () => {
  const { price, latency } = secondsBySort
  expect(mergeRouting({ organisation: { sort: 'price' }, suffix: 'latency' }).valueOfSecondMicroUsd).toBe(latency.first)
  expect(
    mergeRouting({ organisation: { valueOfSecondMicroUsd: 5 }, request: { sort: 'price' } }).valueOfSecondMicroUsd,
  ).toBe(price.first)
  expect(mergeRouting({ organisation: { sort: 'price' }, request: { valueOfSecondMicroUsd: 7 } })).toMatchObject({
    valueOfSecondMicroUsd: 7,
    valueOfGenerationSecondMicroUsd: 7,
  })
  expect(refusal(() => mergeRouting({ request: { sort: 'latency' }, suffix: 'price' }))).toContain(
    'suffix :price contradicts routing.sort "latency"',
  )
  expect(refusal(() => mergeRouting({ request: { sort: 'price' }, suffix: 'price' }))).toBe('accepted')
  expect(refusal(() => mergeRouting({ organisation: { regions: ['DE'] }, request: { regions: ['US'] } }))).toContain(
    'routing.regions US lies outside what your organisation allows (DE)',
  )
  expect(
    refusal(() => mergeRouting({ organisation: { gpuClasses: ['H200'] }, request: { gpuClasses: ['CPU'] } })),
  ).toContain('has none that your organisation allows (H200)')
})

test("a target of the request's own asks for slack; one of the organisation or none does not", () => {
  expect(mergeRouting({ request: { ttftSloMs: 900 } }).admission).toBe('slack')
  expect(mergeRouting({ organisation: { ttftSloMs: 900 } })).toMatchObject({ admission: 'capacity', ttftSloMs: 900 })
  expect(mergeRouting({}).admission).toBe('capacity')
})

const region = fc.constantFrom('DE', 'FR', 'US', 'eu-de', 'us-east', 'DE/eu-de', 'US/eu-de')
const price = fc.option(fc.nat(5), { nil: undefined })
const wish: fc.Arbitrary<RoutingWish> = fc.record(
  {
    sort: fc.constantFrom(...routingSorts),
    regions: fc.array(region, { minLength: 1, maxLength: 3 }),
    exclude: fc.array(fc.constantFrom('a', 'b')),
    minTrust: fc.constantFrom(...trustLevels),
    dataPolicy: fc.constantFrom(...dataPolicies),
    gpuClasses: fc.array(fc.constantFrom('H200', 'B200'), { minLength: 1 }),
    maxPrice: fc.record({ inPerMtok: price, outPerMtok: price, requestMicroUsd: price }) as fc.Arbitrary<
      NonNullable<RoutingWish['maxPrice']>
    >,
    allowFallbacks: fc.boolean(),
  },
  { requiredKeys: [] },
)

test('no request ever leaves the constraints of its organisation', () => {
  const place = fc.record({
    country: fc.constantFrom('DE', 'FR', 'US', ''),
    region: fc.constantFrom('eu-de', 'us-east', 'x-1'),
  })
  fc.assert(
    fc.property(wish, wish, place, (organisation, request, at) => {
      let merged
      try {
        merged = mergeRouting({ organisation, request })
      } catch (error) {
        expect(isAppError(error)).toBe(true)
        return
      }
      const allowed = (wished: RoutingWish) => regionAllowed(wished.regions ?? null, at)
      expect(regionAllowed(merged.regions, at)).toBe(allowed(organisation) && allowed(request))
      for (const one of [organisation, request]) {
        expect(merged.exclude).toEqual(expect.arrayContaining([...(one.exclude ?? [])]))
        expect(trustLevels.indexOf(merged.minTrust)).toBeGreaterThanOrEqual(
          trustLevels.indexOf(one.minTrust ?? 'claimed'),
        )
        expect(dataPolicies.indexOf(merged.dataPolicy)).toBeGreaterThanOrEqual(
          dataPolicies.indexOf(one.dataPolicy ?? 'any'),
        )
        if (one.gpuClasses) expect(one.gpuClasses).toEqual(expect.arrayContaining([...(merged.gpuClasses ?? ['none'])]))
        const caps = [
          [one.maxPrice?.inPerMtok, merged.maxPrice.inPerMtok],
          [one.maxPrice?.outPerMtok, merged.maxPrice.outPerMtok],
          [one.maxPrice?.requestMicroUsd, merged.maxPrice.requestMicroUsd],
        ]
        for (const [theirs, all] of caps) if (theirs !== undefined) expect(all).toBeLessThanOrEqual(theirs ?? 0)
      }
    }),
    { numRuns: 500 },
  )
})

test('a provider cannot enter a residency by naming its region after it', () => {
  const euOnly = intersectRegions(
    (expandRegion('EU') as { regions: string[] }).regions,
    (expandRegion('eu-de') as { regions: string[] }).regions,
  )
  expect(regionAllowed(euOnly, { country: 'US', region: 'eu-de' })).toBe(false)
  expect(regionAllowed(euOnly, { country: '', region: 'eu-de' })).toBe(false)
  expect(regionAllowed(euOnly, { country: 'DE', region: 'eu-de' })).toBe(true)
  expect(regionAllowed(euOnly, { country: 'DE', region: 'eu-fr' })).toBe(false)
})

test('ids in exclude: hex in any case, malformed ones are refused, and targets below a millisecond', () => {
  const hex = 'AB'.repeat(32)
  expect(parseRoutingPolicy({ exclude: [`0x${hex}`, 'node_unknown'] }).policy.exclude).toEqual([
    `0x${hex.toLowerCase()}`,
    'node_unknown',
  ])
  for (const wrong of [{ exclude: ['0xabc'] }, { exclude: ['node one'] }, { ttft_slo_ms: 0.4 }]) {
    expect(() => parseRoutingPolicy(wrong)).toThrow()
  }
})
