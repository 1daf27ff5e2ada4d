/**
 * Spending limits without a round trip for each request: budget is leased in pieces out of a limit, and requests reserve
 * their worst case out of the lease. What is limited is a channel, or an API key in one period (`key-budgets.ts`).
 *
 * Overspend is zero: what this lane has signed, plus what it may still sign, never exceeds what Redis granted it.
 * Without Redis, requests are served from the lease that is held, and refused (503) beyond it.
 */
import { invariant } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { Budget, BudgetOptions } from './budget-types.ts'
import { LimitAccount } from './limit-account.ts'

/** A keeper of limits of one kind for one lane. */
export function createBudget<Id extends string = Hex>(options: BudgetOptions<Id>): Budget<Id> {
  const accounts = new Map<Id, LimitAccount<Id>>()

  const accountOf = (id: Id): LimitAccount<Id> => {
    let account = accounts.get(id)
    if (!account) accounts.set(id, (account = new LimitAccount(id, options)))
    return account
  }

  return {
    async reserve(id, microUsd) {
      invariant(microUsd >= 0n, 'a reservation is not negative')
      const account = accountOf(id)
      await account.reserve(microUsd)
      let open = true
      return {
        microUsd,
        release() {
          if (!open) return
          open = false
          account.release(microUsd)
        },
      }
    },
    requireCover: async (id, microUsd) => accountOf(id).requireCover(microUsd),
    async resume(ids) {
      for (const id of ids) await accountOf(id).resume()
    },
    async tick() {
      for (const [id, account] of accounts) if (await account.tick()) accounts.delete(id)
    },
    async paidFromLease(id, { priceMicroUsd, ...sums }) {
      const account = accounts.get(id)
      account?.paidElsewhere(priceMicroUsd)
      const spent = options.signedMicroUsd(id) + (account?.unknownSpentMicroUsd ?? 0n)
      await options.store.payFromLease(id, { ...sums, spent })
    },
    idleMicroUsd() {
      let sum = 0n
      for (const { freeMicroUsd } of accounts.values()) if (freeMicroUsd > 0n) sum += freeMicroUsd
      return sum
    },
  }
}
