/** A channel as the contract holds it. */
import { zeroAddress, type Address, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

/** Amounts in µUSD; `deposited`, `withdrawn`, `claimed` and `ceiling` are lifetime totals. */
export interface ChannelState {
  isOpen: boolean
  owner: Address
  deposited: bigint
  withdrawn: bigint
  claimed: bigint
  ceiling: bigint
  /** Asked back and thawing. */
  withdrawing: bigint
  /** Chain time in seconds when `withdrawing` may leave; 0 when nothing thaws. */
  thawEndsAtS: number
  /** What lanes can still be paid: min(deposited − withdrawn, ceiling) − claimed. */
  available: bigint
}

/** A channel that was never opened has `isOpen: false` and zeros. */
export async function channelState({ publicClient, deployment }: ChainReader, channelId: Hex): Promise<ChannelState> {
  const { thawEndsAt, ...channel } = await publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'channelOf',
    args: [channelId],
  })
  const funded = channel.deposited - channel.withdrawn
  const limit = funded < channel.ceiling ? funded : channel.ceiling
  return {
    ...channel,
    isOpen: channel.owner !== zeroAddress,
    thawEndsAtS: Number(thawEndsAt),
    available: limit > channel.claimed ? limit - channel.claimed : 0n,
  }
}
