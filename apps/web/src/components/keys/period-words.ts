/** Periods of a key's budget, as people choose and read them. */
import type { BudgetPeriod } from '@isochrone/domain'

export const periodWords = {
  day: { choice: 'Each day', short: 'a day', meaning: 'Begins anew at midnight UTC.' },
  month: { choice: 'Each month', short: 'a month', meaning: 'Begins anew on the first of the month, at midnight UTC.' },
  total: { choice: 'In all', short: 'in all', meaning: 'Never begins anew: it counts all that the key has ever cost.' },
} as const satisfies Record<BudgetPeriod, { choice: string; short: string; meaning: string }>
