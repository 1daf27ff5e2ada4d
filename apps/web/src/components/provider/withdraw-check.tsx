'use client'
/** The second look at a payment: how much, and every digit of the wallet that has it. */
import { formatUsd } from '@isochrone/domain'
import { useEffect, useRef } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Money } from '~/components/ui/values.tsx'
import { addressGroups, type PayoutWish } from '~/lib/money/payout-wish.ts'
import type { ActionError } from '~/lib/page/result.ts'

export interface WithdrawCheckProps {
  wish: PayoutWish
  /** Can be withdrawn after it, µUSD; null where that is not known. */
  leftMicroUsd: bigint | null
  /** Among the wallets of the last payments. */
  isKnown: boolean
  pending: boolean
  error: ActionError | null
  onBack: () => void
  onPay: () => void
}

export function WithdrawCheck({ wish, leftMicroUsd, isKnown, pending, error, onBack, onPay }: WithdrawCheckProps) {
  const { microUsd, toAddress } = wish
  const first = useRef<HTMLParagraphElement>(null)
  // It takes the place of the form, with the button that had the focus.
  useEffect(() => first.current?.focus(), [])
  return (
    <div className="flex flex-col gap-3">
      <p ref={first} tabIndex={-1}>
        <Money microUsd={microUsd} className="font-semibold" /> leaves your account for this wallet:
      </p>
      <Digits address={toAddress} />
      {isKnown ? (
        <p className="text-ink-2">You have asked for money to this wallet before.</p>
      ) : (
        <Notice tone="warn">None of your last payments went to this wallet.</Notice>
      )}
      {leftMicroUsd !== null && leftMicroUsd >= 0n && (
        <p className="text-ink-2">
          <Money microUsd={leftMicroUsd} /> can be withdrawn after it.
        </p>
      )}
      <ErrorNotice error={error} />
      <div className="flex flex-wrap justify-end gap-2">
        <Button disabledReason={pending ? 'It is being asked for.' : undefined} onClick={onBack}>
          Change it
        </Button>
        <Button tone="primary" pending={pending} onClick={onPay}>
          Withdraw {formatUsd(microUsd)}
        </Button>
      </div>
    </div>
  )
}

/** Two rows of five groups. Whoever hears the page hears it whole. */
function Digits({ address }: { address: string }) {
  return (
    <code className="rounded-md border border-line bg-sunken px-3 py-2 font-mono text-base">
      <span className="sr-only">{address}</span>
      <span aria-hidden className="grid w-fit grid-cols-[auto_repeat(5,auto)] gap-x-2.5 gap-y-1 sm:gap-x-4">
        <span className="row-span-2 text-ink-3">0x</span>
        {addressGroups(address).map((group, at) => (
          // Its place: two groups may be alike.
          <span key={at}>{group}</span>
        ))}
      </span>
    </code>
  )
}
