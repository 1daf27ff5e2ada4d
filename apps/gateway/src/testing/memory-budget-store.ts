/** What the script in Redis does, in memory and for one lane alone. */
import type { BudgetStore } from '../budget/budget-types.ts'

/** @param limitOf µUSD; null where nobody has said it. */
export function memoryBudgetStore<Id extends string>(limitOf: (id: Id) => bigint | null): BudgetStore<Id> {
  return {
    async sync(id, { spent, held, wanted }) {
      const limitMicroUsd = limitOf(id)
      const left = (limitMicroUsd ?? 0n) - spent - held
      const granted = left <= 0n ? 0n : left < wanted ? left : wanted
      return { granted, spent, standing: { limitMicroUsd, spentMicroUsd: spent, heldMicroUsd: held + granted } }
    },
    payFromLease: async () => {},
  }
}
