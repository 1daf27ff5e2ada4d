import { expect, test } from 'vitest'
import { draftOf, emptyDraft, formField, routingOf, sameRouting } from './routing-draft.ts'

const full = {
  value_of_second_usd: 0.0000001,
  max_price: { input: 0.1, output: 2, request: 0.01 },
  ttft_slo_ms: 800,
  tpot_slo_ms: 40,
  regions: ['DE', 'eu-west'],
  exclude: ['0xab'],
  min_trust: 'challenged',
  data_policy: 'no_training',
  gpu_classes: ['H200'],
  allow_fallbacks: false,
}

test('a saved policy passes through the form unchanged', () => {
  expect(routingOf(draftOf(full))).toEqual(full)
  expect(routingOf(draftOf({ sort: 'price' }))).toEqual({ sort: 'price' })
  expect(draftOf(full).valueOfSecondUsd).toBe('0.0000001')
})

test('a form that was left alone is the empty policy', () => {
  expect(draftOf({})).toEqual(emptyDraft)
  expect(routingOf(emptyDraft)).toEqual({})
})

/** A slip must reach the service, which names the field; silently it would be no cap at all. */
test('what is not a number is sent as it was typed', () => {
  expect(routingOf({ ...emptyDraft, maxInputUsd: ' 0,5 ', ttftSloMs: '-1' })).toEqual({
    max_price: { input: '0,5' },
    ttft_slo_ms: '-1',
  })
  expect(routingOf({ ...emptyDraft, preference: 'value' })).toEqual({ value_of_second_usd: '' })
})

test('the order in which regions were ticked is no change', () => {
  const draft = (regions: string[]) => ({ ...emptyDraft, regions })
  expect(sameRouting(draft(['DE', 'NL']), draft(['NL', 'DE']))).toBe(true)
  expect(sameRouting(draft(['DE']), emptyDraft)).toBe(false)
})

test('a field of the service is found in the form', () => {
  expect(formField('routing.max_price.output')).toBe('max_price.output')
  expect(formField('routing.regions.0')).toBe('regions')
  expect(formField('routing')).toBeNull()
  expect(formField(null)).toBeNull()
})
