'use client'
/**
 * Makes a key and shows its secret once: closing the dialog is the end of it. A form that is sent again, because its answer was
 * lost, makes no second key and says which one it has made.
 */
import { Plus } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'
import { createKey } from '~/actions/team.ts'
import { QuickStart } from '~/components/quick-start.tsx'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { SecretOnce } from '~/components/ui/secret-once.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { useOnceDialog } from '~/lib/page/use-action-dialog.ts'
import { BudgetFields, type BudgetDraft } from './budget-fields.tsx'
import { MadeAlready } from './made-already.tsx'

const NO_BUDGET: BudgetDraft = { amountUsd: '', period: 'month' }
const AGAIN = 'one key is made, and you are told which, if it was made already'

export interface CreateKeyDialogProps {
  disabledReason: string | undefined
  gatewayUrl: string
  model: string
}

export function CreateKeyDialog({ disabledReason, gatewayUrl, model }: CreateKeyDialogProps) {
  const { open, toggle, ...create } = useOnceDialog(createKey, AGAIN)
  const [budget, setBudget] = useState(NO_BUDGET)
  const secret = create.data?.secret
  const madeBefore = create.data?.secret === null ? create.data.key : null

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = new FormData(event.currentTarget)
    const days = formText(form, 'days')
    const amountUsd = budget.amountUsd.trim()
    await create.run({
      name: formText(form, 'name'),
      expiresInDays: days === '' ? null : Number(days),
      budget: amountUsd === '' ? null : { ...budget, amountUsd },
    })
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (next) setBudget(NO_BUDGET)
        toggle(next)
      }}
      title={secret ? 'Copy your key now' : madeBefore ? 'This key was made already' : 'Create an API key'}
      description={create.data ? undefined : 'Name it after the program that will use it.'}
      trigger={
        <Button tone="primary" disabledReason={disabledReason}>
          <Plus aria-hidden className="size-4" /> Create key
        </Button>
      }
    >
      {secret ? (
        <SecretOnce
          secret={secret}
          label="key"
          warning="Whoever has it can spend your balance."
          onStored={() => toggle(false)}
        >
          <QuickStart gatewayUrl={gatewayUrl} model={model} secret={secret} />
        </SecretOnce>
      ) : madeBefore ? (
        <MadeAlready apiKey={madeBefore} onKept={() => toggle(false)} onAnother={create.reset} />
      ) : (
        <Form onSubmit={submit} className="flex flex-col gap-3">
          <Field
            label="Name"
            name="name"
            required
            maxLength={80}
            autoComplete="off"
            error={fieldError(create.error, 'name')}
          />
          <Field
            label="Expires after"
            name="days"
            type="number"
            min={1}
            max={3650}
            unit="days"
            hint="Leave empty for a key that does not expire."
            error={fieldError(create.error, 'expiresInDays')}
          />
          <BudgetFields draft={budget} onChange={setBudget} error={fieldError(create.error, 'budget.amountUsd')} />
          {create.error && !create.error.field && <ErrorNotice error={create.error} />}
          <Button type="submit" tone="primary" className="self-end" pending={create.pending}>
            Create key
          </Button>
        </Form>
      )}
    </Dialog>
  )
}

function fieldError(error: { field: string | null; message: string } | null, field: string): string | undefined {
  return error?.field === field ? error.message : undefined
}
