'use client'
/** The amount to withdraw and the wallet that has it; the wallet that had the last payment is one press away. */
import { formatUsd } from '@isochrone/domain'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { shortHash } from '~/lib/words/format.ts'
import type { PayoutDraft } from '~/lib/money/payout-wish.ts'
import type { ActionError } from '~/lib/page/result.ts'

/** What is wrong with a field. */
export interface PayoutSlip {
  field: keyof PayoutDraft
  message: string
}

export interface WithdrawFormProps {
  draft: PayoutDraft
  edit: (change: Partial<PayoutDraft>) => void
  freeMicroUsd: bigint
  lastPaidTo: string | undefined
  slip: PayoutSlip | null
  error: ActionError | null
  onSubmit: () => void
}

export function WithdrawForm({ draft, edit, freeMicroUsd, lastPaidTo, slip, error, onSubmit }: WithdrawFormProps) {
  const errorOf = (field: keyof PayoutDraft) => (slip?.field === field ? slip.message : undefined)
  return (
    <Form onSubmit={onSubmit} className="flex flex-col gap-3">
      <Field
        label="Amount"
        name="amountUsd"
        inputMode="decimal"
        unit="$"
        required
        autoComplete="off"
        value={draft.amountUsd}
        onChange={(event) => edit({ amountUsd: event.target.value })}
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
        value={draft.toAddress}
        onChange={(event) => edit({ toAddress: event.target.value })}
        error={errorOf('toAddress')}
      />
      {lastPaidTo !== undefined && (
        <Button
          size="sm"
          className="-mt-1 self-start"
          title={lastPaidTo}
          onClick={() => edit({ toAddress: lastPaidTo })}
        >
          Use the last one, {shortHash(lastPaidTo)}
        </Button>
      )}
      <ErrorNotice error={error} />
      <Button type="submit" tone="primary" className="self-end">
        Look once more
      </Button>
    </Form>
  )
}
