import fc from 'fast-check'
import { expect, test } from 'vitest'
import { budgetPeriods, periodAt, periodEndMs } from './budget-period.ts'

const at = (text: string): number => Date.parse(text)

test('days and months are those of UTC, to the millisecond', () => {
  expect(periodAt('day', at('2026-11-22T23:59:59.999Z')).id).toBe('2026-11-22')
  expect(periodAt('day', at('2026-11-23T00:00:00.000Z')).id).toBe('2026-11-23')
  expect(periodAt('month', at('2026-12-31T23:59:59.999Z'))).toEqual({
    id: '2026-12',
    startMs: at('2026-12-01T00:00:00Z'),
    endMs: at('2027-01-01T00:00:00Z'),
  })
  expect(periodAt('month', at('2028-02-29T12:00:00Z')).endMs).toBe(at('2028-03-01T00:00:00Z'))
  expect(periodAt('total', at('2026-11-22T00:00:00Z'))).toEqual({ id: 'total', startMs: 0, endMs: null })
})

/** Nothing is spent twice or in no period: periods of one kind follow each other without gap or overlap. */
test('a time lies in one period, whose name says when it ends', () => {
  const times = fc.integer({ min: 0, max: at('2200-01-01T00:00:00Z') })
  fc.assert(
    fc.property(fc.constantFrom(...budgetPeriods), times, (period, atMs) => {
      const { id, startMs, endMs } = periodAt(period, atMs)
      expect(startMs).toBeLessThanOrEqual(atMs)
      expect(periodEndMs(id)).toBe(endMs)
      if (endMs === null) return
      expect(atMs).toBeLessThan(endMs)
      expect(periodAt(period, endMs).startMs).toBe(endMs)
      expect(periodAt(period, endMs - 1).id).toBe(id)
    }),
  )
})

test('what is no time since the epoch lies in no period', () => {
  for (const period of budgetPeriods) {
    for (const atMs of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      expect(() => periodAt(period, atMs)).toThrow('milliseconds since the epoch')
    }
    expect(periodAt(period, 0).startMs).toBe(0)
  }
})
