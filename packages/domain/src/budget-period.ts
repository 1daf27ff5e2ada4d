/**
 * What a key's budget counts over: a day or a month of UTC, or the key's whole life. Pure.
 *
 * A period has a name that sorts as it follows: `2026-11-22`, `2026-11`, `total`.
 */
import { invariant } from './invariant.ts'

export const budgetPeriods = ['day', 'month', 'total'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

export interface PeriodSpan {
  /** `2026-11-22`, `2026-11` or `total`. */
  id: string
  /** First millisecond in it, and the first after it; null = never. */
  startMs: number
  endMs: number | null
}

const DAY_MS = 86_400_000

/** The period of this kind that `atMs` (since the epoch) lies in. Bounds are those of UTC. */
export function periodAt(period: BudgetPeriod, atMs: number): PeriodSpan {
  invariant(Number.isFinite(atMs) && atMs >= 0, 'a time is milliseconds since the epoch')
  if (period === 'total') return { id: 'total', startMs: 0, endMs: null }
  const startOfDayMs = Math.floor(atMs / DAY_MS) * DAY_MS
  const day = new Date(startOfDayMs)
  if (period === 'day') return { id: textOf(day, 10), startMs: startOfDayMs, endMs: startOfDayMs + DAY_MS }
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()]
  return { id: textOf(day, 7), startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) }
}

/** When the period with this name is over, ms since the epoch; null for one that never is. */
export function periodEndMs(id: string): number | null {
  const [year, month, day] = id.split('-').map(Number) as [number, number?, number?]
  if (month === undefined) return null
  return day === undefined ? Date.UTC(year, month, 1) : Date.UTC(year, month - 1, day + 1)
}

const textOf = (date: Date, length: number): string => date.toISOString().slice(0, length)
