/** The times of a chart: all that were asked for, so that its axis does not depend on what was found. */
import type { HoursSpan } from '@isochrone/services'

const stepsMs = { hour: 3_600_000, day: 86_400_000 } as const
/** A chart of more would say nothing. */
const TIMES_MAX = 2_000

/** The beginning of each hour or day from the span's first to its last, ms since the epoch. */
export function timesOfSpan({ fromMs, toMs }: HoursSpan, by: 'hour' | 'day'): number[] {
  const stepMs = stepsMs[by]
  const length = Math.min(TIMES_MAX, Math.max(0, Math.floor((toMs - fromMs) / stepMs) + 1))
  return Array.from({ length }, (_, index) => fromMs + index * stepMs)
}
