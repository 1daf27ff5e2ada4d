/** What a lease can cost at most, and how long it may be. */
import { AppError } from '@isochrone/domain'

const MS_PER_HOUR = 3_600_000n
/** Each reading is rounded up once: more of them than one in so many ms, and some for moves, never come. */
const READING_MS_MIN = 10_000n
const READINGS_SPARE = 64n

export const LEASE_MS_MIN = 60_000
export const LEASE_MS_MAX = 30 * 86_400_000

/** GPU time by the millisecond, rounded up, and a micro-dollar for each reading's own rounding. µUSD. */
export function leaseReserveMicroUsd(lease: { gpus: number; durationMs: bigint; perGpuHourMicroUsd: bigint }): bigint {
  return gpuTimeMicroUsd(lease) + lease.durationMs / READING_MS_MIN + READINGS_SPARE
}

/** What this much time is worth, µUSD. */
export function gpuTimeMicroUsd(time: { gpus: number; durationMs: bigint; perGpuHourMicroUsd: bigint }): bigint {
  const { gpus, durationMs, perGpuHourMicroUsd } = time
  return (BigInt(gpus) * durationMs * perGpuHourMicroUsd + MS_PER_HOUR - 1n) / MS_PER_HOUR
}

/** Throws `invalid_input` on a time that is too short, or too long. */
export function checkedDurationMs(durationMs: number): bigint {
  if (Number.isInteger(durationMs) && durationMs >= LEASE_MS_MIN && durationMs <= LEASE_MS_MAX)
    return BigInt(durationMs)
  throw new AppError('invalid_input', {
    publicMessage: 'duration: a lease lasts at least a minute and at most 30 days.',
    field: 'duration',
  })
}
