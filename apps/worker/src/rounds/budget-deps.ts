/** What tells Redis of budgets, over the worker's store: limits, what is spent, and what is held for leases. */
import type { Store } from '@isochrone/db'
import { redisLeaseBudget, settleHold, type BudgetDeps, type RedisCommands } from '@isochrone/services'

export function budgetDeps({ store, redis }: { store: Store; redis: RedisCommands }): BudgetDeps {
  const budget = redisLeaseBudget(redis)
  return {
    ...store.chain,
    ...store.requests,
    holds: (ids) => store.leases.holds(ids),
    heldTooMuch: (lease) => settleHold({ store, budget }, lease),
    redis,
  }
}
