/** A lease's money: what is held covers every reading's own rounding, and time costs what the terms say, rounded up once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkedDurationMs, gpuTimeMicroUsd, LEASE_MS_MAX, LEASE_MS_MIN, leaseReserveMicroUsd } from './lease-price.ts'

const hour = { gpus: 1, durationMs: 3_600_000n, perGpuHourMicroUsd: 2_500_000n }

test('an hour of a GPU costs its price, two GPUs twice that, and a millisecond is rounded up', () => {
  expect(gpuTimeMicroUsd(hour)).toBe(2_500_000n)
  expect(gpuTimeMicroUsd({ ...hour, gpus: 2 })).toBe(5_000_000n)
  expect(gpuTimeMicroUsd({ ...hour, durationMs: 1n })).toBe(1n)
  expect(gpuTimeMicroUsd({ ...hour, durationMs: 0n })).toBe(0n)
  expect(gpuTimeMicroUsd({ gpus: 1, durationMs: 1n, perGpuHourMicroUsd: 3_600_000n })).toBe(1n)
  expect(gpuTimeMicroUsd({ gpus: 1, durationMs: 1n, perGpuHourMicroUsd: 3_600_001n })).toBe(2n)
})

test('what is held is the time, a micro-dollar for every ten seconds, and 64 for moves', () => {
  expect(leaseReserveMicroUsd(hour)).toBe(2_500_000n + 360n + 64n)
  expect(leaseReserveMicroUsd({ ...hour, durationMs: 9_999n })).toBe(
    gpuTimeMicroUsd({ ...hour, durationMs: 9_999n }) + 64n,
  )
})

/** A gateway reads a lease span by span and rounds each up: the sum must never exceed what is held. */
test('readings of ten seconds and more, and up to 64 besides, never cost more than is held', () => {
  const spans = fc.array(fc.bigInt({ min: 10_000n, max: 600_000n }), { minLength: 1, maxLength: 60 })
  const moves = fc.array(fc.bigInt({ min: 1n, max: 9_999n }), { maxLength: 64 })
  fc.assert(
    fc.property(
      spans,
      moves,
      fc.integer({ min: 1, max: 64 }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (a, b, gpus, per) => {
        const lease = { gpus, perGpuHourMicroUsd: per }
        const readings = [...a, ...b]
        const billed = readings.reduce((sum, durationMs) => sum + gpuTimeMicroUsd({ ...lease, durationMs }), 0n)
        const durationMs = readings.reduce((sum, ms) => sum + ms, 0n)
        expect(billed).toBeLessThanOrEqual(leaseReserveMicroUsd({ ...lease, durationMs }))
      },
    ),
  )
})

test('a lease lasts from a minute to thirty days, in whole milliseconds', () => {
  expect(checkedDurationMs(LEASE_MS_MIN)).toBe(60_000n)
  expect(checkedDurationMs(LEASE_MS_MAX)).toBe(2_592_000_000n)
  const refused = {
    code: 'invalid_input',
    publicMessage: 'duration: a lease lasts at least a minute and at most 30 days.',
    field: 'duration',
  }
  for (const wrong of [59_999, 2_592_000_001, 60_000.5, Number.NaN, -60_000, Infinity]) {
    expect(() => checkedDurationMs(wrong)).toThrow(expect.objectContaining(refused))
  }
})
