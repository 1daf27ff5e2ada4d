/** The filters of a channel's history as they stand in the URL: a hand-written one is never an error. */
import type { HistoryFilterInput, MovementView } from '@isochrone/services'
import { oneOf } from './search.ts'

const kinds = [
  'deposit',
  'claim',
  'refund',
  'credit',
  'ceiling',
  'withdrawal_requested',
  'withdrawal',
] as const satisfies readonly MovementView['kind'][]

export type HistoryFilter = Pick<HistoryFilterInput, 'kind' | 'fromDay' | 'toDay'>

/** `kind`, `from` and `to`, each left out where it is absent or makes no sense. */
export function historyFilterOf(search: Record<string, string | undefined>): HistoryFilter {
  const kind = oneOf(kinds, search.kind)
  const [fromDay, toDay] = [dayOf(search.from), dayOf(search.to)]
  return { ...(kind && { kind }), ...(fromDay && { fromDay }), ...(toDay && { toDay }) }
}

function dayOf(text: string | undefined): string | undefined {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? text : undefined
}
