'use client'
/** Sets, changes or takes away what one key may spend, by the key's name. */
import type { ApiKeyView } from '@isochrone/services'
import { usdFromMicroUsd } from '@isochrone/domain'
import { useState } from 'react'
import { setKeyBudget } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { useActionDialog } from '~/lib/page/use-action-dialog.ts'
import { BudgetFields, type BudgetDraft } from './budget-fields.tsx'

export interface EditBudgetDialogProps extends Pick<ApiKeyView, 'id' | 'name' | 'budget'> {
  disabledReason: string | undefined
}

export function EditBudgetDialog({ id, name, budget, disabledReason }: EditBudgetDialogProps) {
  const { open, toggle, run, pending, error } = useActionDialog(setKeyBudget)
  const [draft, setDraft] = useState<BudgetDraft>(() => draftOf(budget))
  const amountError = error?.field === 'budget.amountUsd' ? error.message : undefined

  async function save(to: BudgetDraft | null) {
    if ((await run({ id, budget: to && { ...to, amountUsd: to.amountUsd.trim() } })).ok) toggle(false)
  }
  function submit() {
    void save(draft)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        // As it is on the page by then: another tab may have changed it.
        if (next) setDraft(draftOf(budget))
        toggle(next)
      }}
      title={`Budget of “${name}”`}
      description="Every gateway heeds it within about a second. Beyond it, requests are refused with 429 insufficient_quota. What was spent before counts."
      trigger={
        <Button size="sm" disabledReason={disabledReason} aria-label={`${budget ? 'Change' : 'Set'} budget of ${name}`}>
          Budget
        </Button>
      }
    >
      <Form onSubmit={submit} className="flex flex-col gap-3">
        <BudgetFields draft={draft} onChange={setDraft} required error={amountError} />
        {error && !amountError && <ErrorNotice error={error} />}
        <div className="flex flex-wrap justify-end gap-2">
          {budget && (
            <Button pending={pending} onClick={() => void save(null)}>
              Remove budget
            </Button>
          )}
          <Button type="submit" tone="primary" pending={pending}>
            Save budget
          </Button>
        </div>
      </Form>
    </Dialog>
  )
}

const draftOf = (budget: ApiKeyView['budget']): BudgetDraft =>
  budget ? { amountUsd: usdFromMicroUsd(budget.microUsd), period: budget.period } : { amountUsd: '', period: 'month' }
