'use client'
/** Makes a key and shows its secret once: closing the dialog is the end of it. */
import { Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { createKey } from '~/actions/team.ts'
import { QuickStart } from '~/components/quick-start.tsx'
import { Button } from '~/components/ui/button.tsx'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'

export interface CreateKeyDialogProps {
  disabledReason: string | undefined
  gatewayUrl: string
  model: string
}

export function CreateKeyDialog({ disabledReason, gatewayUrl, model }: CreateKeyDialogProps) {
  const [open, setOpen] = useState(false)
  const create = useAction(createKey)
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
      onOpenChange={(next) => {
        setOpen(next)
        if (!next) create.reset()
      }}
      title={secret ? 'Copy your key now' : 'Create an API key'}
      description={secret ? undefined : 'Name it after the program that will use it.'}
      trigger={
        <Button tone="primary" disabledReason={disabledReason}>
          <Plus aria-hidden className="size-4" /> Create key
        </Button>
      }
    >
      {secret ? (
        <div className="flex flex-col gap-3">
          <div className="flex items-center gap-2 rounded-md border border-line bg-sunken px-3 py-2">
            <code data-testid="key-secret" className="min-w-0 flex-1 font-mono text-xs break-all">
              {secret}
            </code>
            <CopyButton value={secret} label="key" withText />
          </div>
          <Notice tone="warn">This is the only time that it is shown. Whoever has it can spend your balance.</Notice>
          <QuickStart gatewayUrl={gatewayUrl} model={model} secret={secret} />
          <Button tone="primary" className="self-end" onClick={() => setOpen(false)}>
            I have stored it
          </Button>
        </div>
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
