'use client'
/** Makes a key and shows its secret once: closing the dialog is the end of it. */
import { Plus } from 'lucide-react'
import type { FormEvent } from 'react'
import { createKey } from '~/actions/team.ts'
import { QuickStart } from '~/components/quick-start.tsx'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { SecretOnce } from '~/components/ui/secret-once.tsx'
import { formText } from '~/lib/form-text.ts'
import { useActionDialog } from '~/lib/use-action-dialog.ts'

export interface CreateKeyDialogProps {
  disabledReason: string | undefined
  gatewayUrl: string
  model: string
}

export function CreateKeyDialog({ disabledReason, gatewayUrl, model }: CreateKeyDialogProps) {
  const { open, toggle, ...create } = useActionDialog(createKey)
  const secret = create.data?.secret

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = formText(form, 'days')
    void create.run({ name: formText(form, 'name'), expiresInDays: days === '' ? null : Number(days) })
  }
  return (
    <Dialog
      open={open}
      onOpenChange={toggle}
      title={secret ? 'Copy your key now' : 'Create an API key'}
      description={secret ? undefined : 'Name it after the program that will use it.'}
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
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-3">
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
          {create.error && !create.error.field && <ErrorNotice error={create.error} />}
          <Button type="submit" tone="primary" className="self-end" pending={create.pending}>
            Create key
          </Button>
        </form>
      )}
    </Dialog>
  )
}

function fieldError(error: { field: string | null; message: string } | null, field: string): string | undefined {
  return error?.field === field ? error.message : undefined
}
