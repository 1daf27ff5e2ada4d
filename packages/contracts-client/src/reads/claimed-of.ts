/** What was paid on the vouchers of (channel, provider, lane) over all time, in µUSD. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

export async function claimedOf(
  { publicClient, deployment }: ChainReader,
  { channelId, providerId, lane }: { channelId: Hex; providerId: Hex; lane: Hex },
): Promise<bigint> {
  return publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'claimedOf',
    args: [channelId, providerId, lane],
  })
}
