/** A replacement is taken by every node or not sent at all, and nothing is ever offered above the limit. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { bumpedFees, type Fees } from './fees.ts'

const wei = fc.bigInt({ min: 1n, max: 10n ** 13n })
const fees = (model: Fees['model']): fc.Arbitrary<Fees> =>
  model === 'legacy'
    ? wei.map((max) => ({ model, max }))
    : fc.tuple(wei, wei).map(([a, b]) => ({ model, max: a > b ? a : b, tip: a > b ? b : a }))

test.each(['eip1559', 'legacy'] as const)('a %s replacement is a tenth dearer, within the limit', (model) => {
  const check = fc.property(fees(model), fees(model), wei, (sent, now, limit) => {
    const bumped = bumpedFees(sent, now, { maxFeePerGasWei: limit })
    if (bumped === null) return limit * 10n < sent.max * 11n
    const isDearer = bumped.max * 10n >= sent.max * 11n
    if (bumped.model === 'legacy' || sent.model === 'legacy') return isDearer && bumped.max <= limit
    const isTipDearer = bumped.tip * 10n >= sent.tip * 11n
    return isDearer && isTipDearer && bumped.max <= limit && bumped.tip <= bumped.max
  })
  fc.assert(check, { numRuns: 2_000 })
})

test('a price that has risen beyond an eighth is followed at once', () => {
  const bumped = bumpedFees({ model: 'legacy', max: 10n }, { model: 'legacy', max: 100n }, { maxFeePerGasWei: 500n })
  expect(bumped).toEqual({ model: 'legacy', max: 100n })
})
