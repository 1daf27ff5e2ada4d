/** What keys have cost, and what is left of their budgets, by the receipts on record. */
import { periodAt, type BudgetPeriod } from '@isochrone/domain'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { KeyBudgetRow } from '../ports/key-budget-store.ts'
import type { KeyBudgetView } from '../queries/views/money.ts'

/** Of each key: its budget in the period that runs at `nowMs`, and what it has cost this month. */
export async function keySpending(
  { apiKeys }: Pick<ControlPlaneStore, 'apiKeys'>,
  keyIds: readonly string[],
  nowMs: number,
): Promise<Map<string, { budget: KeyBudgetView | null; spentThisMonthMicroUsd: bigint }>> {
  const budgets = new Map((await apiKeys.budgets(keyIds)).map((row) => [row.keyId, row]))
  const inPeriod = await spentIn([...budgets.values()])
  const inMonth = await spentIn(keyIds.map((keyId) => ({ keyId, period: 'month' })))
  return new Map(
    keyIds.map((keyId) => {
      const row = budgets.get(keyId)
      const budget = row ? budgetView(row, inPeriod.get(keyId) ?? 0n, nowMs) : null
      return [keyId, { budget, spentThisMonthMicroUsd: inMonth.get(keyId) ?? 0n }]
    }),
  )

  async function spentIn(asked: readonly { keyId: string; period: BudgetPeriod }[]): Promise<Map<string, bigint>> {
    const spans = asked.map(({ keyId, period }) => {
      const { startMs, endMs } = periodAt(period, nowMs)
      return { keyId, fromMs: startMs, toMs: endMs }
    })
    const sums = new Map<string, bigint>()
    for (const { keyId, microUsd } of await apiKeys.spentByLane(spans)) {
      sums.set(keyId, (sums.get(keyId) ?? 0n) + microUsd)
    }
    return sums
  }
}

function budgetView({ period, microUsd }: KeyBudgetRow, spentMicroUsd: bigint, nowMs: number): KeyBudgetView {
  const left = microUsd - spentMicroUsd
  const renewsAtMs = periodAt(period, nowMs).endMs
  return { period, microUsd, spentMicroUsd, leftMicroUsd: left > 0n ? left : 0n, renewsAtMs }
}
