'use client'
/** Pays from the managed account to a wallet: the amount and the address are both said before anything moves. */
import { formatUsd } from '@isochrone/domain'
import { useRouter } from 'next/navigation'
import { useState, type SubmitEvent } from 'react'
import { withdrawPayout } from '~/actions/provider.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { formText } from '~/lib/form-text.ts'
import { newKey } from '~/lib/new-key.ts'
import { useActionDialog } from '~/lib/use-action-dialog.ts'

export interface WithdrawPayoutProps {
  freeMicroUsd: bigint
  disabledReason: string | undefined
}

export function WithdrawPayout({ freeMicroUsd, disabledReason }: WithdrawPayoutProps) {
  const router = useRouter()
  const { open, toggle, run, pending, error } = useActionDialog(withdrawPayout)
  // One key for each opening of the dialog: a second click pays nothing again.
  const [key, setKey] = useState('')
  const errorOf = (field: string) => (error?.field === field ? error.message : undefined)
  async function submit(event: SubmitEvent<HTMLFormElement>) {
    const form = new FormData(event.currentTarget)
    const asked = { amountUsd: formText(form, 'amountUsd'), toAddress: formText(form, 'toAddress').trim(), key }
    if (!(await run(asked)).ok) return
    toggle(false)
    router.refresh()
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (next) setKey(newKey())
        toggle(next)
      }}
      title="Withdraw to a wallet"
      description="What is paid to a wrong address is lost: check every digit."
      trigger={
        <Button tone="primary" disabledReason={disabledReason}>
          Withdraw
        </Button>
      }
    >
      <Form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <Field
          label="Amount"
          name="amountUsd"
          inputMode="decimal"
          unit="$"
          required
          hint={`At most ${formatUsd(freeMicroUsd)}.`}
          error={errorOf('amountUsd')}
        />
        <Field
          label="Your wallet’s address"
          name="toAddress"
          placeholder="0x…"
          required
          autoComplete="off"
          spellCheck={false}
          error={errorOf('toAddress')}
        />
        {error && !errorOf('amountUsd') && !errorOf('toAddress') && <ErrorNotice error={error} />}
        <Button type="submit" tone="primary" className="self-end" pending={pending}>
          Withdraw
        </Button>
      </Form>
    </Dialog>
  )
}
