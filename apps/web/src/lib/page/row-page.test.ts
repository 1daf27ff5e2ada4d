import { expect, test } from 'vitest'
import { rowPage } from './row-page.ts'

const rows = Array.from({ length: 120 }, (_, index) => index)

/** A page that leaves a row out hides somebody's money. */
test('all pages together are the whole list, each row once', () => {
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = rowPage(rows, cursor, 50)
    expect(page.rows.length).toBeLessThanOrEqual(50)
    seen.push(...page.rows)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  expect(seen).toEqual(rows)
})

test('a list that fits has one page, and a cursor that is none begins at the first row', () => {
  expect(rowPage(rows.slice(0, 50), undefined, 50)).toEqual({ rows: rows.slice(0, 50), nextCursor: null })
  for (const cursor of ['', '-1', '1e9', 'x', '0x10', '1'.repeat(10), '120', '500']) {
    expect(rowPage(rows, cursor, 50)).toEqual({ rows: rows.slice(0, 50), nextCursor: '50' })
  }
  expect(rowPage([], '50', 50)).toEqual({ rows: [], nextCursor: null })
})
