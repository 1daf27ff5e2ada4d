'use client'
/** What is to stand behind this provider's promises: put up now, or withheld from first earnings. */
import type { ListingDetail, PayoutAccountView, StakeView } from '@isochrone/services'
import { useState } from 'react'
import { DepositStake } from '~/components/provider/listing/deposit-stake.tsx'
import { WalletStake } from '~/components/provider/listing/wallet-stake.tsx'
import { WithholdStake } from '~/components/provider/listing/withhold-stake.tsx'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'

interface StakeStepProps extends WalletChain {
  listing: ListingDetail
  stake: StakeView[]
  /** Null where the provider's own wallet is paid. */
  account: PayoutAccountView | null
  payoutAddress: string
  disabledReason: string | undefined
}

const ways = [
  { value: 'deposited', label: 'Stake now' },
  { value: 'withheld', label: 'From first earnings' },
] as const
type Way = (typeof ways)[number]['value']

export function StakeStep({ listing, stake, account, payoutAddress, disabledReason, ...chain }: StakeStepProps) {
  const [way, setWay] = useState<Way>(listing.stake.state === 'withheld' ? 'withheld' : 'deposited')
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <p>
        Stake stands behind your promises: penalties and refunds are taken from it, never more than it holds. It is one
        stake for all your nodes, and $100 at least.
      </p>
      <div className="flex flex-col items-start gap-1">
        <span id="stake-how" className="font-medium">
          How it comes
        </span>
        <Segmented labelledBy="stake-how" value={way} options={ways} onChange={setWay} />
      </div>
      {way === 'deposited' && account === null ? (
        <WalletStake {...chain} payerAddress={payoutAddress} disabledReason={disabledReason} />
      ) : way === 'deposited' ? (
        <DepositStake stake={stake} disabledReason={disabledReason} />
      ) : (
        <WithholdStake account={account} disabledReason={disabledReason} />
      )}
      <ButtonLink href={`/provider/list/${listing.id}?step=review`} tone="primary" className="self-start">
        Go on to check and list
      </ButtonLink>
    </div>
  )
}
