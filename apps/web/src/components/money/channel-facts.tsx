/** Whose channel it is, who holds its key, and how money leaves it. */
import type { ChannelView } from '@isochrone/services'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatUtc } from '~/lib/words/format.ts'

export function ChannelFacts({ channel, paymentChannels }: { channel: ChannelView; paymentChannels: string }) {
  const managed = channel.custody === 'managed'
  return (
    <Facts
      items={[
        ['Channel', <Hash key="c" full value={channel.channelId} label="channel id" />],
        [
          'Held by',
          managed
            ? 'Isochrone, for this organisation. It holds the key and could spend all of it; a wallet channel keeps that key with you.'
            : 'your wallet',
        ],
        ['Owner', <Hash key="o" full value={channel.ownerAddress} label="owner address" />],
        ['Contract', <Hash key="p" full value={paymentChannels} label="address of PaymentChannels" />],
        channel.withdrawingMicroUsd > 0n && [
          'Asked back',
          <span key="w">
            <Money microUsd={channel.withdrawingMicroUsd} />, in its thaw
            {channel.thawEndsAtMs !== null && ` until ${formatUtc(channel.thawEndsAtMs)}`}: requests can no longer draw
            it, claims for what is signed still can
          </span>,
        ],
        channel.withdrawnMicroUsd > 0n && ['Withdrawn', <Money key="d" microUsd={channel.withdrawnMicroUsd} />],
        [
          'Withdrawing',
          managed
            ? 'not offered for managed balances'
            : 'by your wallet alone: under “Take money out”, or by requestWithdrawal and withdraw of the contract',
        ],
      ]}
    />
  )
}
