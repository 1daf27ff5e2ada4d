/** What a provider is owed for an epoch, and from when on it is paid. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

export interface Pending {
  /** µUSD, lifetime of (provider, epoch). */
  claimed: bigint
  /** Of that, paid out. */
  settled: bigint
  /** Chain time in seconds; 0 before the first claim. */
  payableAtS: number
}

export async function pendingOf(
  { publicClient, deployment }: ChainReader,
  providerId: Hex,
  epoch: number,
): Promise<Pending> {
  const { claimed, settled, payableAt } = await publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'pendingOf',
    args: [providerId, BigInt(epoch)],
  })
  return { claimed, settled, payableAtS: Number(payableAt) }
}
