'use client'
/**
 * Pays from the managed account to a wallet: amount and address are looked at twice before anything moves. What was asked is
 * paid once, however often its answer is lost and the dialog closed and opened meanwhile.
 */
import { formatUsd, usdFromMicroUsd } from '@isochrone/domain'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { withdrawPayout } from '~/actions/provider.ts'
import { Button } from '~/components/ui/button.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { LeaveUnanswered } from '~/components/ui/leave-unanswered.tsx'
import { payoutWishOf, type PayoutDraft, type PayoutWish } from '~/lib/money/payout-wish.ts'
import { useOnceDialog } from '~/lib/page/use-action-dialog.ts'
import { WithdrawCheck } from './withdraw-check.tsx'
import { WithdrawForm, type PayoutSlip } from './withdraw-form.tsx'

export interface WithdrawPayoutProps {
  freeMicroUsd: bigint
  /** Wallets to which payments were asked for, the last first. Lower case. */
  paidTo: readonly string[]
  disabledReason: string | undefined
}

const NOTHING: PayoutDraft = { amountUsd: '', toAddress: '' }
const AGAIN = 'it is paid once, even if it was asked for already'

export function WithdrawPayout({ freeMicroUsd, paidTo, disabledReason }: WithdrawPayoutProps) {
  const router = useRouter()
  const { open, toggle, run, reset, pending, error, unanswered } = useOnceDialog(withdrawPayout, AGAIN)
  const [draft, setDraft] = useState(NOTHING)
  const [slip, setSlip] = useState<PayoutSlip | null>(null)
  /** Looked at for the second time. */
  const [wish, setWish] = useState<PayoutWish | null>(null)

  function startAnew() {
    setDraft(NOTHING)
    setSlip(null)
    setWish(null)
  }
  function look() {
    // What nobody knows to be paid may be what is missing there.
    const read = payoutWishOf(draft, unanswered ? null : freeMicroUsd)
    reset()
    if ('field' in read) return setSlip(read)
    setSlip(null)
    setWish(read)
  }
  async function pay({ microUsd, toAddress }: PayoutWish) {
    const answer = await run({ amountUsd: usdFromMicroUsd(microUsd), toAddress })
    if (answer.ok) {
      toggle(false)
      startAnew()
      router.refresh()
      return
    }
    const { field, message } = answer.error
    if (field === 'amountUsd' || field === 'toAddress') setSlip({ field, message })
    if (field !== null) setWish(null)
  }
  return (
    <>
      <Dialog
        open={open}
        onOpenChange={(next) => {
          if (next && unanswered === null && !pending) startAnew()
          toggle(next)
        }}
        title={wish ? `Withdraw ${formatUsd(wish.microUsd)}?` : 'Withdraw to a wallet'}
        description={
          wish
            ? 'What is paid to a wrong address is lost: compare each group with what your wallet shows.'
            : 'You see the amount and the address once more before anything is paid.'
        }
        trigger={
          <Button tone="primary" disabledReason={disabledReason}>
            Withdraw
          </Button>
        }
      >
        {wish ? (
          <WithdrawCheck
            wish={wish}
            leftMicroUsd={unanswered ? null : freeMicroUsd - wish.microUsd}
            isKnown={paidTo.includes(wish.toAddress.toLowerCase())}
            pending={pending}
            error={error}
            onBack={() => setWish(null)}
            onPay={() => void pay(wish)}
          />
        ) : (
          <WithdrawForm
            draft={draft}
            edit={(change) => setDraft({ ...draft, ...change })}
            freeMicroUsd={freeMicroUsd}
            lastPaidTo={paidTo[0]}
            slip={slip}
            error={slip ? null : error}
            onSubmit={look}
          />
        )}
      </Dialog>
      <LeaveUnanswered active={unanswered !== null} done="paid" />
    </>
  )
}
