'use client'
/**
 * An arbiter's vote: connect, say how much and why, see what it would do to every balance, then sign. What is signed is what
 * was rehearsed: changing the amount or the reason asks for another rehearsal.
 */
import type { DisputeView, PreparedRuling } from '@isochrone/services'
import { usdFromMicroUsd } from '@isochrone/domain'
import { useRouter } from 'next/navigation'
import { useState, type FormEvent } from 'react'
import { noteVote, prepareRuling } from '~/actions/disputes.ts'
import { WalletProvider, type WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { TextArea } from './text-area.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { useAction } from '~/lib/use-action.ts'
import { CallSteps } from './call-steps.tsx'
import { RehearsalView } from './rehearsal-view.tsx'
import { useWalletCalls } from './use-wallet-calls.ts'
import { WalletButtons } from './wallet-buttons.tsx'

export interface RulingFormProps extends WalletChain {
  dispute: Pick<DisputeView, 'id' | 'amountMicroUsd' | 'kind'>
  /** µUSD; null where nothing could be computed. */
  proposedMicroUsd: bigint | null
}

export function RulingForm(props: RulingFormProps) {
  return (
    <WalletProvider chainId={props.chainId} rpcUrl={props.rpcUrl}>
      <Form {...props} />
    </WalletProvider>
  )
}

function Form({ dispute, proposedMicroUsd, ...chain }: RulingFormProps) {
  const router = useRouter()
  const wallet = useWalletCalls(chain)
  const prepare = useAction(prepareRuling)
  const [refundUsd, setRefundUsd] = useState(usdFromMicroUsd(proposedMicroUsd ?? 0n))
  const [reason, setReason] = useState('')
  const [sent, setSent] = useState(false)
  const fieldError = (name: string) => (prepare.error?.field === name ? prepare.error.message : undefined)
  const changed = () => {
    prepare.reset()
    setSent(false)
  }

  function rehearse(event: FormEvent) {
    event.preventDefault()
    if (wallet.account)
      void prepare.run({ id: dispute.id, arbiter: wallet.account, refundUsd: refundUsd.trim(), reason })
  }
  async function sign({ calls }: PreparedRuling) {
    if (!wallet.account) return
    const txHash = await wallet.send(calls, wallet.account)
    if (txHash === null) return
    setSent(true)
    await noteVote({ id: dispute.id, arbiter: wallet.account, txHash }).catch(() => null)
    router.refresh()
  }

  if (!wallet.account) {
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
        {wallet.problem && (
          <Notice tone="bad" live>
            {wallet.problem}
          </Notice>
        )}
      </div>
    )
  }
  const ready = prepare.data
  return (
    <form onSubmit={rehearse} className="flex max-w-xl flex-col gap-3">
      <p className="text-ink-2">
        Voting as <Hash value={wallet.account} label="your address" />
      </p>
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
        error={fieldError('refundUsd')}
        hint={`0 dismisses. At most ${usdFromMicroUsd(dispute.amountMicroUsd)} USD, what is asked.`}
      />
      <TextArea
        label="Reason"
        value={reason}
        onChange={(text) => {
          setReason(text)
          changed()
        }}
        error={fieldError('reason')}
        hint="Shown to both parties. Its hash goes on the chain with the vote."
      />
      {prepare.error && !fieldError('reason') && !fieldError('refundUsd') && <ErrorNotice error={prepare.error} />}
      <Button
        type="submit"
        className="self-start"
        tone={ready ? 'plain' : 'primary'}
        pending={prepare.pending}
        disabledReason={reason.trim() === '' ? 'A vote needs a reason.' : undefined}
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
            onClick={() => void sign(ready)}
          >
            Sign the vote on dispute {dispute.id}
          </Button>
          {wallet.reports.size > 0 && <CallSteps calls={ready.calls} reports={wallet.reports} />}
        </>
      )}
      {wallet.problem && (
        <Notice tone="bad" live>
          {wallet.problem}
        </Notice>
      )}
    </form>
  )
}
