/** What was settled to a provider over all time, in µUSD, fee included. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

export async function settledTotal({ publicClient, deployment }: ChainReader, providerId: Hex): Promise<bigint> {
  return publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'settledTotal',
    args: [providerId],
  })
}
