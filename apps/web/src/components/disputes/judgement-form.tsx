'use client'
/** An arbiter's vote on a challenged record: whether it is wrong. */
import { useState } from 'react'
import { noteJudgement, prepareJudgement } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Select } from './select.tsx'
import { VoteForm } from './vote-form.tsx'

const verdicts = [
  { value: 'stands', label: 'The record stands: its counts follow from its receipts' },
  { value: 'wrong', label: 'The record is wrong: it becomes invalid' },
] as const

export interface JudgementFormProps extends WalletChain {
  record: { lane: string; epoch: number; nodeId: string }
}

export function JudgementForm({ record, ...chain }: JudgementFormProps) {
  const [verdict, setVerdict] = useState<string>('stands')
  return (
    <VoteForm
      {...chain}
      subject={`epoch ${record.epoch}`}
      decision={({ changed }) => (
        <Select
          label="Verdict"
          value={verdict}
          onChange={(value) => {
            setVerdict(value)
            changed()
          }}
          options={verdicts}
        />
      )}
      reasonHint="Its hash goes on the chain with the vote."
      prepare={(vote) => prepareJudgement({ ...record, ...vote, upheld: verdict === 'wrong' })}
      note={(vote) => noteJudgement({ ...record, ...vote })}
    />
  )
}
