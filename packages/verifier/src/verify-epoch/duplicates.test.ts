import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DuplicateFinder, numbersOf } from './duplicates.ts'

function found(pairs: readonly (readonly [number, number])[]) {
  const finder = new DuplicateFinder()
  pairs.forEach(([a, b], i) => finder.add(a, b, i + 1))
  return finder.take()
}

test('a pair that comes again is found, with the line before it', () => {
  expect(found([])).toEqual([])
  expect(
    found([
      [1, 2],
      [2, 1],
      [1, 1],
      [2, 2],
    ]),
  ).toEqual([])
  expect(
    found([
      [5, 5],
      [1, 2],
      [3, 4],
      [1, 2],
      [1, 2],
    ]),
  ).toEqual([
    { line: 4, earlier: 2 },
    { line: 5, earlier: 4 },
  ])
  expect(
    found([
      [9, 9],
      [1, 1],
      [1, 1],
      [9, 9],
    ]),
  ).toEqual([
    { line: 3, earlier: 2 },
    { line: 4, earlier: 1 },
  ])
})

test('as many are held as come', () => {
  const pairs = Array.from({ length: 5_000 }, (_, i) => [i % 4_999, 7] as const)
  expect(found(pairs)).toEqual([{ line: 5_000, earlier: 1 }])
})

test('it finds what comparing each with each finds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 20 }), (pairs) => {
      const expected = pairs.flatMap((pair, i) => {
        const earlier = pairs.findLastIndex((other, j) => j < i && other[0] === pair[0] && other[1] === pair[1])
        return earlier < 0 ? [] : [{ line: i + 1, earlier: earlier + 1 }]
      })
      expect(found(pairs)).toEqual(expected)
    }),
  )
})

test('the first 104 bits of a name are two numbers', () => {
  const name = `0x0123456789abcfedcba9876543${'0'.repeat(38)}`
  expect(numbersOf(name)).toEqual([0x0123456789abc, 0xfedcba9876543])
})
