import { expect, test } from 'vitest'
import { priceRows, priceSpread } from './price-spread.ts'

test('equal ratios are equal distances, from the least to the most', () => {
  const { places, least, most } = priceSpread([10_000n, 100_000n, 1_000_000n], undefined)
  expect(places.map((place) => Math.round(place * 1_000))).toEqual([0, 500, 1_000])
  expect([least, most]).toEqual([10_000n, 1_000_000n])
})

test('one’s own price is counted among the others, and widens the line where it is outside', () => {
  const inside = priceSpread([1n, 10n, 10n, 100n], 10n)
  expect(inside).toMatchObject({ own: 0.5, less: 1, same: 2, more: 1, quartiles: [0, 0.5, 0.5] })
  const outside = priceSpread([1n, 10n], 100n)
  expect(outside).toMatchObject({ own: 1, less: 2, same: 0, more: 0 })
  expect(outside.places).toEqual([0, 0.5])
})

test('a free offer stands at the left end, and offers that are all alike in the middle', () => {
  expect(priceSpread([0n, 5n, 50n], 0n)).toMatchObject({ places: [0, 0, 1], own: 0, same: 1, more: 2 })
  expect(priceSpread([7n, 7n], 7n)).toMatchObject({ places: [0.5, 0.5], own: 0.5, same: 2 })
  expect(priceSpread([0n], undefined)).toMatchObject({ places: [0], own: undefined, less: 0, same: 0, more: 0 })
})

test('a price that several offers ask is listed once, and of many prices the tenths', () => {
  expect(priceRows([1n, 1n, 2n])).toEqual([
    { microUsd: 1n, offers: '2' },
    { microUsd: 2n, offers: '1' },
  ])
  const rows = priceRows(Array.from({ length: 200 }, (_, at) => BigInt(at + 1)))
  expect(rows.map(({ microUsd }) => Number(microUsd))).toEqual([1, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200])
  expect(rows.map(({ offers }) => offers).slice(0, 2)).toEqual(['least', '10 % at most'])
})
