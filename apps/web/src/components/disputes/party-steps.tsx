'use client'
/** What a party can do next in a dispute: the provider answers, either appeals. */
import { useState } from 'react'
import { appealDispute, respondToDispute } from '~/actions/disputes.ts'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { Form } from '~/components/ui/form.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { keptTextProblem } from '~/lib/page/kept-text.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { PlanOutcome } from './plan-outcome.tsx'
import { TextArea } from './text-area.tsx'

interface StepProps extends WalletChain {
  disputeId: string
  disabledReason: string | undefined
}

export function AnswerForm({ disputeId, disabledReason, ...chain }: StepProps) {
  const respond = useAction(respondToDispute)
  const [text, setText] = useState('')
  const fieldError = respond.error?.field === 'answer' ? respond.error.message : undefined
  function submit() {
    void respond.run({ id: disputeId, answer: { mediaType: 'text/plain', text } })
  }
  return (
    <Form onSubmit={submit} className="flex max-w-xl flex-col gap-3">
      <TextArea
        label="Your answer"
        value={text}
        onChange={setText}
        error={fieldError}
        hint="The payer and the arbiters read it; its hash goes on the chain."
      />
      {respond.error && !fieldError && <ErrorNotice error={respond.error} />}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={respond.pending}
        disabledReason={disabledReason ?? (text.trim() === '' ? 'An answer needs words.' : keptTextProblem(text))}
      >
        Answer dispute {disputeId}
      </Button>
      {respond.data && <PlanOutcome plan={respond.data} {...chain} />}
    </Form>
  )
}

export function AppealStep({ disputeId, disabledReason, bond, ...chain }: StepProps & { bond: string }) {
  const appeal = useAction(appealDispute)
  return (
    <div className="flex max-w-xl flex-col gap-3">
      <p className="text-ink-2">
        Three other arbiters rule anew. The bond of {bond} USD comes back when they move the refund your way, or do not
        rule in time.
      </p>
      <Button
        tone="danger"
        className="self-start"
        pending={appeal.pending}
        disabledReason={disabledReason ?? (appeal.data ? 'The appeal is asked for.' : undefined)}
        onClick={() => void appeal.run({ id: disputeId })}
      >
        Appeal the ruling on dispute {disputeId}
      </Button>
      <ErrorNotice error={appeal.error} />
      {appeal.data && <PlanOutcome plan={appeal.data} {...chain} />}
    </div>
  )
}
