import { expect, test } from 'vitest'
import { timesOfSpan } from './times-of-span.ts'

const hour = 3_600_000

test('a chart has every hour that was asked for, both ends included', () => {
  expect(timesOfSpan({ fromMs: 5 * hour, toMs: 7 * hour }, 'hour')).toEqual([5 * hour, 6 * hour, 7 * hour])
  expect(timesOfSpan({ fromMs: 0, toMs: 6 * 24 * hour }, 'day')).toHaveLength(7)
})

test('a span of one hour, of none or of an age is no danger', () => {
  expect(timesOfSpan({ fromMs: hour, toMs: hour }, 'hour')).toEqual([hour])
  expect(timesOfSpan({ fromMs: hour, toMs: 0 }, 'hour')).toEqual([])
  expect(timesOfSpan({ fromMs: 0, toMs: 1e15 }, 'hour')).toHaveLength(2_000)
})
