/** How memory grows: the slope of the straight line that fits its samples best. */

/** Least squares over (ms, value); value a minute. 0 for fewer than two samples. */
export function slopePerMinute(points: readonly (readonly [atMs: number, value: number])[]): number {
  const n = points.length
  if (n < 2) return 0
  const meanMs = points.reduce((sum, [atMs]) => sum + atMs, 0) / n
  const mean = points.reduce((sum, [, value]) => sum + value, 0) / n
  const covariance = points.reduce((sum, [atMs, value]) => sum + (atMs - meanMs) * (value - mean), 0)
  const variance = points.reduce((sum, [atMs]) => sum + (atMs - meanMs) ** 2, 0)
  return variance === 0 ? 0 : Number(((covariance / variance) * 60_000).toPrecision(3))
}

/** Asked is flat memory. It moves by some MiB from minute to minute, which in five of them averages out. */
export const SLOPE_MIB_PER_MINUTE_MAX = 2
export const MINUTES_JUDGED_MIN = 5

/** What slopes, in MiB a minute over the so many minutes that count, say of a run's memory. */
export function memoryVerdict(minutes: number, slopes: readonly number[]): 'flat' | 'grows' | 'too short to say' {
  if (minutes < MINUTES_JUDGED_MIN) return 'too short to say'
  return slopes.every((slope) => slope <= SLOPE_MIB_PER_MINUTE_MAX) ? 'flat' : 'grows'
}
