'use client'
/** An arbiter's vote on a dispute: how much is refunded. */
import type { DisputeView } from '@isochrone/services'
import { usdFromMicroUsd } from '@isochrone/domain'
import { useState } from 'react'
import { noteVote, prepareRuling } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Field } from '~/components/ui/field.tsx'
import { VoteForm } from './vote-form.tsx'

export interface RulingFormProps extends WalletChain {
  dispute: Pick<DisputeView, 'id' | 'amountMicroUsd' | 'kind'>
  /** µUSD; null where nothing could be computed. */
  proposedMicroUsd: bigint | null
}

export function RulingForm({ dispute, proposedMicroUsd, ...chain }: RulingFormProps) {
  const [refundUsd, setRefundUsd] = useState(usdFromMicroUsd(proposedMicroUsd ?? 0n))
  const { id } = dispute
  return (
    <VoteForm
      {...chain}
      subject={`dispute ${id}`}
      decisionField="refundUsd"
      decision={({ changed, error }) => (
        <Field
          label="Refund"
          name="refundUsd"
          inputMode="decimal"
          unit="USD"
          required
          value={refundUsd}
          onChange={(event) => {
            setRefundUsd(event.target.value)
            changed()
          }}
          error={error}
          hint={`0 dismisses. At most ${usdFromMicroUsd(dispute.amountMicroUsd)} USD, what is asked.`}
        />
      )}
      reasonHint="Shown to both parties. Its hash goes on the chain with the vote."
      prepare={(vote) => prepareRuling({ id, refundUsd: refundUsd.trim(), ...vote })}
      note={(vote) => noteVote({ id, ...vote })}
    />
  )
}
