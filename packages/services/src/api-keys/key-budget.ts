/**
 * What an organisation lets one of its keys spend: set, changed and taken away by its owners, and in the log.
 *
 * Gateways heed a change within about a second. A lower limit takes nothing back that was spent, or that requests under way
 * may still cost.
 */
import { AppError, formatUsd, type BudgetPeriod } from '@isochrone/domain'
import { noteAudit } from '../audit/audit-log.ts'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ApiKeyView, NewKeyBudget } from '../queries/views/money.ts'
import { listApiKeys } from './api-keys.ts'

export interface SetKeyBudget {
  orgId: string
  keyId: string
  /** Who asks, for the log. */
  userId: string
  email: string
  /** Null: the key has none any more, and spends its organisation's balance as before. */
  budget: NewKeyBudget | null
}

/** Idempotent. `not_found` for another organisation's key, `state_conflict` for one that was revoked. */
export async function setKeyBudget(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream' | 'clock' | 'tellKeyBudgets'>,
  { orgId, keyId, userId, email, budget }: SetKeyBudget,
): Promise<ApiKeyView> {
  await commitAndPublish(
    deps,
    async (tx) => {
      const key = await tx.apiKeys.lock(orgId, keyId)
      if (!key) throw new AppError('not_found', { publicMessage: 'There is no such key in this organisation.' })
      if (!key.enabled) {
        throw new AppError('state_conflict', { publicMessage: 'This key is revoked: nothing is spent through it.' })
      }
      const [before] = await tx.apiKeys.budgets([keyId])
      if (budget) await tx.apiKeys.setBudget(keyId, budget)
      else await tx.apiKeys.removeBudget(keyId)
      await recordControlChange(tx.control, { apiKeyIds: [keyId] })
      const input = { id: keyId, orgId, before: wordsOf(before ?? null), after: wordsOf(budget) }
      await noteAudit({ store: tx }, { userId, email, action: 'keys.setBudget', input, outcome: 'done' })
    },
    () => deps.tellKeyBudgets?.([keyId]),
  )
  const view = (await listApiKeys(deps, { orgId })).find(({ id }) => id === keyId)
  if (!view) throw new AppError('not_found', { publicMessage: 'There is no such key in this organisation.' })
  return view
}

function wordsOf(budget: NewKeyBudget | null): string {
  return budget === null ? 'none' : `${formatUsd(budget.microUsd)} ${inWords[budget.period]}`
}

const inWords = { day: 'a day', month: 'a month', total: 'in all' } as const satisfies Record<BudgetPeriod, string>
