/** What budgets of API keys need of the database. `db`'s repository fits it. */
import type { BudgetPeriod } from '@isochrone/domain'

export interface KeyBudgetRow {
  keyId: string
  period: BudgetPeriod
  microUsd: bigint
  /** Grows with each change. */
  version: bigint
}

/** Days of UTC from `fromMs` until before `toMs`, null = no end. */
export interface KeySpan {
  keyId: string
  fromMs: number
  toMs: number | null
}

export interface KeyBudgetStore {
  /** Of these keys, or of all; those that were changed since then, where that is given. */
  budgets(keyIds?: readonly string[], changedSince?: Date): Promise<KeyBudgetRow[]>
  setBudget(keyId: string, budget: { period: BudgetPeriod; microUsd: bigint }): Promise<void>
  removeBudget(keyId: string): Promise<void>
  /** µUSD that each lane has billed through these keys, each in its own span. */
  spentByLane(spans: readonly KeySpan[]): Promise<{ keyId: string; lane: string; microUsd: bigint }[]>
}
