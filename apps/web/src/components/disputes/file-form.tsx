'use client'
/** Disputes one receipt: what is wrong, how much is asked back, and what shows it. */
import type { FilingTerms } from '@isochrone/services'
import { usdFromMicroUsd } from '@isochrone/domain'
import { useState, type FormEvent } from 'react'
import { fileDispute } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field, inputStyle } from '~/components/ui/field.tsx'
import { disputeKindWords, filableKinds } from '~/lib/dispute-words.ts'
import { useAction } from '~/lib/use-action.ts'
import { PlanOutcome } from './plan-outcome.tsx'
import { TextArea } from './text-area.tsx'

export interface FileFormProps extends WalletChain {
  lane: string
  seq: number
  terms: Pick<FilingTerms, 'leftMicroUsd' | 'bondMicroUsd'>
  disabledReason: string | undefined
}

export function FileForm({ lane, seq, terms, disabledReason, ...chain }: FileFormProps) {
  const file = useAction(fileDispute)
  const [kind, setKind] = useState<(typeof filableKinds)[number]>('overcharge')
  const [amountUsd, setAmountUsd] = useState(usdFromMicroUsd(terms.leftMicroUsd))
  const [text, setText] = useState('')
  const errorAt = (name: string) => (file.error?.field === name ? file.error.message : undefined)

  function submit(event: FormEvent) {
    event.preventDefault()
    void file.run({ lane, seq, kind, amountUsd: amountUsd.trim(), evidence: { mediaType: 'text/plain', text } })
  }
  return (
    <form onSubmit={submit} className="flex max-w-xl flex-col gap-3">
      <div className="flex flex-col gap-1">
        <label htmlFor="kind" className="font-medium">
          What is wrong
        </label>
        <select
          id="kind"
          value={kind}
          onChange={(event) => setKind(filableKinds.find((each) => each === event.target.value) ?? 'overcharge')}
          className={inputStyle}
        >
          {filableKinds.map((each) => (
            <option key={each} value={each}>
              {disputeKindWords[each].label}
            </option>
          ))}
        </select>
        <p className="text-xs text-ink-3">{disputeKindWords[kind].hint}</p>
      </div>
      <Field
        label="Ask back"
        name="amountUsd"
        inputMode="decimal"
        unit="USD"
        required
        value={amountUsd}
        onChange={(event) => setAmountUsd(event.target.value)}
        error={errorAt('amountUsd')}
        hint={`At most ${usdFromMicroUsd(terms.leftMicroUsd)} USD, what is left of the price.`}
      />
      <TextArea
        label="Evidence"
        value={text}
        onChange={setText}
        error={errorAt('evidence')}
        hint="What happened, and what shows it. The provider and the arbiters read it; its hash goes on the chain."
      />
      {file.error && !errorAt('amountUsd') && !errorAt('evidence') && <ErrorNotice error={file.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={file.pending}
        disabledReason={disabledReason ?? (text.trim() === '' ? 'A dispute needs evidence.' : undefined)}
      >
        File with a bond of {usdFromMicroUsd(terms.bondMicroUsd)} USD
      </Button>
      {file.data && <PlanOutcome plan={file.data} {...chain} />}
    </form>
  )
}
