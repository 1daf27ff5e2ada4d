'use client'
/** What can be done about a lease that runs: longer, or no more. */
import { useState, type FormEvent } from 'react'
import { extendLease, stopLease } from '~/actions/leases.ts'
import { Button } from '~/components/ui/button.tsx'
import { ConfirmDialog } from '~/components/ui/confirm-dialog.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { formText } from '~/lib/form-text.ts'
import { useActionDialog } from '~/lib/use-action-dialog.ts'

interface LeaseActionProps {
  id: string
  disabledReason: string | undefined
}

export function StopLease({ id, disabledReason }: LeaseActionProps) {
  return (
    <ConfirmDialog
      action={stopLease}
      input={{ id }}
      title="Stop this lease?"
      description={`${id} ends now: its endpoint answers no more, the time until now is billed, and the rest is given back.`}
      trigger={
        <Button tone="danger" disabledReason={disabledReason}>
          Stop
        </Button>
      }
      keep="Let it run"
      confirm="Stop the lease"
    />
  )
}

export function ExtendLease({ id, disabledReason }: LeaseActionProps) {
  const { open, toggle, run, pending, error } = useActionDialog(extendLease)
  // One key for each opening of the dialog: a second click extends nothing again.
  const [key, setKey] = useState('')
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const hours = Number(formText(new FormData(event.currentTarget), 'hours'))
    if ((await run({ id, durationMinutes: Math.round(hours * 60), key })).ok) toggle(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (next) setKey(crypto.randomUUID())
        toggle(next)
      }}
      title="Extend this lease"
      description="At the price that was agreed. Its worst case is held in addition."
      trigger={<Button disabledReason={disabledReason}>Extend</Button>}
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <Field
          label="Longer by"
          name="hours"
          type="number"
          min={0.1}
          max={720}
          step={0.1}
          defaultValue={1}
          unit="hours"
          required
        />
        <ErrorNotice error={error} />
        <Button type="submit" tone="primary" className="self-end" pending={pending}>
          Extend
        </Button>
      </form>
    </Dialog>
  )
}
