'use client'
/** Files what is proved by words and the chain alone: a withheld epoch file, or a performance record that is wrong. */
import { useState, type FormEvent } from 'react'
import { challengeRecord, fileWithheld } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { inputStyle } from '~/components/ui/field.tsx'
import { useAction } from '~/lib/use-action.ts'
import { PlanOutcome } from './plan-outcome.tsx'
import { TextArea } from './text-area.tsx'

export type EvidenceSubject =
  | { kind: 'withheld'; lane: string; epoch: number }
  | { kind: 'record'; lane: string; epoch: number; nodeId: string }

const mediaTypes = [
  { value: 'text/plain', label: 'Text' },
  { value: 'application/json', label: 'JSON, as a program printed it' },
] as const

export interface EvidenceFormProps extends WalletChain {
  subject: EvidenceSubject
  /** USD. */
  bond: string
  hint: string
  disabledReason: string | undefined
}

export function EvidenceForm({ subject, bond, hint, disabledReason, ...chain }: EvidenceFormProps) {
  const file = useAction((evidence: { mediaType: string; text: string }) => {
    const { lane, epoch } = subject
    return subject.kind === 'withheld'
      ? fileWithheld({ lane, epoch, evidence })
      : challengeRecord({ lane, epoch, nodeId: subject.nodeId, evidence })
  })
  const [mediaType, setMediaType] = useState<string>('text/plain')
  const [text, setText] = useState('')
  const fieldError = file.error?.field?.startsWith('evidence') ? file.error.message : undefined
  function submit(event: FormEvent) {
    event.preventDefault()
    void file.run({ mediaType, text })
  }
  const why =
    disabledReason ??
    (text.trim() === '' ? 'It needs evidence.' : file.data?.by === 'platform' ? 'It is asked for already.' : undefined)
  return (
    <form onSubmit={submit} className="flex max-w-xl flex-col gap-3">
      <label className="flex flex-col gap-1">
        <span className="font-medium">The evidence is</span>
        <select value={mediaType} onChange={(event) => setMediaType(event.target.value)} className={inputStyle}>
          {mediaTypes.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <TextArea label="Evidence" value={text} onChange={setText} error={fieldError} hint={hint} />
      {file.error && !fieldError && <ErrorNotice error={file.error} />}
      <Button type="submit" tone="primary" className="self-start" pending={file.pending} disabledReason={why}>
        File with a bond of {bond} USD
      </Button>
      {file.data && <PlanOutcome plan={file.data} {...chain} />}
    </form>
  )
}
