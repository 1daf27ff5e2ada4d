/** What a provider is owed for an epoch of a lane, and how much of it a settlement would pay now. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

export interface Pending {
  /** µUSD, lifetime of (provider, lane, epoch). */
  claimed: bigint
  /** Of that, paid out or refunded. */
  settled: bigint
  /** Of the rest, held for open disputes. */
  frozen: bigint
  /** Chain time in seconds from which no record is waited for; 0 before the first claim. */
  graceEndsAtS: number
  /** What `settle` would take now. */
  payable: bigint
  /** Of the lane's anchored sum, kept for claims into this pending. */
  setAside: bigint
}

/** @param blockTag `latest` counts nothing that waits to be included, and takes the time of the last block for now. */
export async function pendingOf(
  { publicClient, deployment }: ChainReader,
  { providerId, lane, epoch }: { providerId: Hex; lane: Hex; epoch: number },
  blockTag: 'pending' | 'latest' = 'pending', // Its time is now; the last block of a quiet chain may be hours old.
): Promise<Pending> {
  const { payable_, graceEndsAt, ...pending } = await publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'pendingOf',
    args: [providerId, lane, BigInt(epoch)],
    blockTag,
  })
  return { ...pending, graceEndsAtS: Number(graceEndsAt), payable: payable_ }
}
