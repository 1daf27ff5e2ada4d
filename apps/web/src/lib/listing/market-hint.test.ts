import { expect, test } from 'vitest'
import { marketHint } from './market-hint.ts'

const model = { model: 'tiny', quantisation: 'F16', contextTokensMax: 10, simulated: false }
const node = { gpuClass: 'H200', models: [model] }
const values = [1_000_000n, 2_000_000n, 4_000_000n]

/** A figure means nothing without what it is of. */
test('says which offers are compared, and how many', () => {
  expect(marketHint({ basis: 'model_and_class', values }, node)).toBe(
    '3 offers of tiny on H200: $1.00 · middle $2.00 · $4.00',
  )
  expect(marketHint({ basis: 'model', values: [2_000_000n] }, node)).toBe(
    '1 offer of tiny, none on H200: $2.00 · middle $2.00 · $2.00',
  )
  expect(marketHint({ basis: 'class', values }, node)).toMatch(/^3 offers on H200, of other models: /)
  expect(marketHint({ basis: 'class', values }, { ...node, models: [model, { ...model, model: 'other' }] })).toMatch(
    /^3 offers on H200/,
  )
  expect(marketHint({ basis: 'all', values }, null)).toMatch(/^3 offers of all kinds, until the agent says/)
  expect(marketHint({ basis: 'nobody', values: [] }, node)).toBe('Nobody offers tiny or H200 at such a price.')
  expect(marketHint({ basis: 'nobody', values: [] }, null)).toBe('Nobody offers such a price.')
})
