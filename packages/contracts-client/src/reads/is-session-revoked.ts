/** Whether a channel's owner ended a session key before its time. */
import type { Address, Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

export async function isSessionRevoked(
  { publicClient, deployment }: ChainReader,
  { channelId, key }: { channelId: Hex; key: Address },
): Promise<boolean> {
  return publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'isSessionRevoked',
    args: [channelId, key],
  })
}
