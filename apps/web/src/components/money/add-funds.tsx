'use client'
/** Tops up the balance that the platform manages: no wallet needed. On a development chain the money is a test token. */
import { useState } from 'react'
import { addFunds } from '~/actions/team.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { LeaveUnanswered } from '~/components/ui/leave-unanswered.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { useOnce } from '~/lib/page/use-once.ts'

export function AddFunds({ disabledReason }: { disabledReason: string | undefined }) {
  const fund = useOnce(addFunds, 'it is ordered once, even if that was done already')
  const [amount, setAmount] = useState('25')
  const amountError = fund.error?.field === 'amountUsd' ? fund.error.message : undefined
  return (
    <Form onSubmit={() => void fund.run({ amountUsd: amount.trim() })} className="flex max-w-xl flex-col gap-3">
      <Field
        label="Add funds"
        name="amount"
        inputMode="decimal"
        unit="USD"
        required
        value={amount}
        onChange={(event) => setAmount(event.target.value)}
        error={amountError}
        hint="The platform holds the channel for you: it deposits this amount and raises the ceiling by it."
      />
      {fund.error && !amountError && <ErrorNotice error={fund.error} />}
      {fund.data && (
        <Notice tone="good" live>
          Ordered. It is spendable as soon as the order below is final.
        </Notice>
      )}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={fund.pending}
        disabledReason={disabledReason}
      >
        Add funds
      </Button>
      <LeaveUnanswered active={fund.unanswered !== null} done="ordered" />
    </Form>
  )
}
