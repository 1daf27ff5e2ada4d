import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Column } from './column.ts'
import { sortedRows, sortRows } from './sort-rows.ts'

test('a column keeps what came, over the edges of its chunks', () => {
  for (const size of [0, 1, 1_023, 1_024, 1_025, 3_000]) {
    const column = new Column(Float64Array)
    for (let i = 0; i < size; i++) column.push(i * 2 ** 40 + 0.5)
    expect(column.size).toBe(size)
    for (let i = 0; i < size; i++) expect(column.at(i)).toBe(i * 2 ** 40 + 0.5)
    column.clear()
    expect(column.size).toBe(0)
    column.push(7)
    expect([column.size, column.at(0)]).toEqual([1, 7])
  }
})

test('rows are sorted as a plain sort sorts them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (values) => {
      const compare = (a: number, b: number): number => (values[a] as number) - (values[b] as number) || a - b
      const expected = values.map((_, i) => i).toSorted(compare)
      expect([...sortedRows(values.length, compare)]).toEqual(expected)
    }),
  )
})

test('a part of the rows can be sorted alone', () => {
  const rows = Uint32Array.of(5, 4, 3, 2, 1)
  sortRows(rows.subarray(1, 4), (a, b) => a - b)
  expect([...rows]).toEqual([5, 2, 3, 4, 1])
})
