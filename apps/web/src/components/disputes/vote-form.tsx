'use client'
/**
 * An arbiter's vote, on a dispute or on a challenged record: connect, decide and say why, see what it would do to every balance,
 * then sign. What is signed is what was rehearsed: another decision or reason asks for another rehearsal.
 */
import type { PreparedRuling } from '@isochrone/services'
import { useRouter } from 'next/navigation'
import { useState, type ReactNode } from 'react'
import { WalletProvider, type WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { keptTextProblem } from '~/lib/page/kept-text.ts'
import type { ActionResult } from '~/lib/page/result.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { CallSteps } from './call-steps.tsx'
import { RehearsalView } from './rehearsal-view.tsx'
import { TextArea } from './text-area.tsx'
import { useWalletCalls } from './use-wallet-calls.ts'
import { WalletButtons } from './wallet-buttons.tsx'

export interface DecisionProps {
  /** The decision is another one now: what was rehearsed no longer holds. */
  changed: () => void
  /** What is wrong with the decision, where that is what was refused. */
  error: string | undefined
}

export interface VoteFormProps extends WalletChain {
  /** What is voted on, as the button that signs names it: "dispute 7". */
  subject: string
  /** Name of the decision's field in errors, where it can be refused. */
  decisionField?: string
  decision: (props: DecisionProps) => ReactNode
  reasonHint: string
  prepare: (vote: { arbiter: string; reason: string }) => Promise<ActionResult<PreparedRuling>>
  /** Tells the desk of the transaction, so that it follows it at once; the chain tells it later if this is lost. */
  note: (vote: { arbiter: string; txHash: string }) => Promise<unknown>
}

export function VoteForm(props: VoteFormProps) {
  return (
    <WalletProvider chainId={props.chainId} rpcUrl={props.rpcUrl}>
      <Vote {...props} />
    </WalletProvider>
  )
}

function Vote({ subject, decisionField, decision, reasonHint, prepare, note, ...chain }: VoteFormProps) {
  const router = useRouter()
  const wallet = useWalletCalls(chain)
  const rehearsal = useAction(prepare)
  const [reason, setReason] = useState('')
  const [sent, setSent] = useState(false)
  const { account } = wallet
  const errorOf = (field: string) => (rehearsal.error?.field === field ? rehearsal.error.message : undefined)
  const decisionError = decisionField === undefined ? undefined : errorOf(decisionField)
  const reasonError = errorOf('reason')
  const changed = () => {
    rehearsal.reset()
    setSent(false)
  }

  async function sign({ calls }: PreparedRuling, arbiter: `0x${string}`) {
    const txHash = await wallet.send(calls, arbiter)
    if (txHash === null) return
    setSent(true)
    await note({ arbiter, txHash }).catch(() => null)
    router.refresh()
  }

  const problem = wallet.problem && (
    <Notice tone="bad" live>
      {wallet.problem}
    </Notice>
  )
  if (!account) {
    return (
      <div className="flex max-w-xl flex-col gap-3">
        <p className="text-ink-2">
          A vote is a transaction of your own wallet. It counts when the wallet is one of the three of the panel.
        </p>
        <WalletButtons
          word="Connect"
          pending={wallet.pending}
          onChoose={(connector) => void wallet.connect(connector)}
        />
        {problem}
      </div>
    )
  }
  const ready = rehearsal.data
  return (
    <Form onSubmit={() => void rehearsal.run({ arbiter: account, reason })} className="flex max-w-xl flex-col gap-3">
      <p className="text-ink-2">
        Voting as <Hash value={account} label="your address" />
      </p>
      {decision({ changed, error: decisionError })}
      <TextArea
        label="Reason"
        value={reason}
        onChange={(text) => {
          setReason(text)
          changed()
        }}
        error={reasonError}
        hint={reasonHint}
      />
      {rehearsal.error && !decisionError && !reasonError && <ErrorNotice error={rehearsal.error} />}
      <Button
        type="submit"
        className="self-start"
        tone={ready ? 'plain' : 'primary'}
        pending={rehearsal.pending}
        disabledReason={reason.trim() === '' ? 'A vote needs a reason.' : keptTextProblem(reason)}
      >
        Rehearse
      </Button>
      {ready && (
        <>
          <RehearsalView rehearsal={ready.rehearsal} />
          <p className="text-xs text-ink-3">
            Reason <Hash value={ready.reasonHash} label="hash of the reason" />
          </p>
          <Button
            tone="primary"
            className="self-start"
            pending={wallet.pending}
            disabledReason={sent ? 'This vote is sent.' : undefined}
            onClick={() => void sign(ready, account)}
          >
            Sign the vote on {subject}
          </Button>
          {wallet.reports.size > 0 && <CallSteps calls={ready.calls} reports={wallet.reports} />}
        </>
      )}
      {problem}
    </Form>
  )
}
