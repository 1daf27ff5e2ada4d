'use client'
/**
 * Files a dispute: about a receipt, with a proof and an amount; about an epoch's file or a performance record, with words
 * alone. What it is about comes with it; evidence, bond and who signs are the same for all.
 */
import { usdFromMicroUsd } from '@isochrone/domain'
import { useState } from 'react'
import { challengeRecord, fileDispute, fileWithheld, type DocumentForm } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { claimWords, filableKinds, type FilableKind } from '~/lib/words/dispute-words.ts'
import { keptTextProblem } from '~/lib/page/kept-text.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { PlanOutcome } from './plan-outcome.tsx'
import { Select } from './select.tsx'
import { TextArea } from './text-area.tsx'

export type DisputeSubject =
  | { kind: 'receipt'; about: 'request' | 'lease'; lane: string; seq: number; leftMicroUsd: bigint }
  | { kind: 'withheld'; lane: string; epoch: number }
  | { kind: 'record'; lane: string; epoch: number; nodeId: string }

const mediaTypes = [
  { value: 'text/plain', label: 'Text' },
  { value: 'application/json', label: 'JSON, as a program printed it' },
] as const

export interface DisputeFormProps extends WalletChain {
  subject: DisputeSubject
  bondMicroUsd: bigint
  /** What evidence helps. */
  hint: string
  disabledReason: string | undefined
}

interface Filled {
  claim: FilableKind
  amountUsd: string
  evidence: DocumentForm
}

export function DisputeForm({ subject, bondMicroUsd, hint, disabledReason, ...chain }: DisputeFormProps) {
  const file = useAction((filled: Filled) => send(subject, filled))
  const [claim, setClaim] = useState<FilableKind>('overcharge')
  const [amountUsd, setAmountUsd] = useState(subject.kind === 'receipt' ? usdFromMicroUsd(subject.leftMicroUsd) : '')
  const [mediaType, setMediaType] = useState<string>('text/plain')
  const [text, setText] = useState('')
  const errorAt = (name: string) => (file.error?.field?.startsWith(name) ? file.error.message : undefined)
  const why =
    disabledReason ??
    (text.trim() === '' ? 'It needs evidence.' : undefined) ??
    keptTextProblem(text) ??
    (file.data?.by === 'platform' ? 'It is asked for already.' : undefined)

  function submit() {
    void file.run({ claim, amountUsd: amountUsd.trim(), evidence: { mediaType, text } })
  }
  return (
    <Form onSubmit={submit} className="flex max-w-xl flex-col gap-3">
      {subject.kind === 'receipt' && (
        <>
          <Select
            label="What is wrong"
            value={claim}
            onChange={(value) => setClaim(filableKinds.find((each) => each === value) ?? 'overcharge')}
            options={filableKinds.map((each) => ({ value: each, label: claimWords(each, subject.about).label }))}
            hint={claimWords(claim, subject.about).hint}
          />
          <Field
            label="Ask back"
            name="amountUsd"
            inputMode="decimal"
            unit="USD"
            required
            value={amountUsd}
            onChange={(event) => setAmountUsd(event.target.value)}
            error={errorAt('amountUsd')}
            hint={`At most ${usdFromMicroUsd(subject.leftMicroUsd)} USD, what is left of the price.`}
          />
        </>
      )}
      <Select label="Handed in as" value={mediaType} onChange={setMediaType} options={mediaTypes} />
      <TextArea label="Evidence" value={text} onChange={setText} error={errorAt('evidence')} hint={hint} />
      {file.error && !errorAt('amountUsd') && !errorAt('evidence') && <ErrorNotice error={file.error} />}
      <Button type="submit" tone="primary" className="self-start" pending={file.pending} disabledReason={why}>
        File with a bond of {usdFromMicroUsd(bondMicroUsd)} USD
      </Button>
      {file.data && <PlanOutcome plan={file.data} {...chain} />}
    </Form>
  )
}

function send(subject: DisputeSubject, { claim: kind, amountUsd, evidence }: Filled) {
  const { lane } = subject
  if (subject.kind === 'receipt') return fileDispute({ lane, seq: subject.seq, kind, amountUsd, evidence })
  const { epoch } = subject
  return subject.kind === 'withheld'
    ? fileWithheld({ lane, epoch, evidence })
    : challengeRecord({ lane, epoch, nodeId: subject.nodeId, evidence })
}
