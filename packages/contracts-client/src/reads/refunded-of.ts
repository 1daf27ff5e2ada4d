/** What was refunded of a receipt so far, in µUSD. */
import type { Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainReader } from '../chain-client.ts'

/** `receiptHash` is the receipt's struct hash. */
export async function refundedOf({ publicClient, deployment }: ChainReader, receiptHash: Hex): Promise<bigint> {
  return publicClient.readContract({
    address: deployment.addresses.disputes,
    abi: disputeManagerAbi,
    functionName: 'refundedOf',
    args: [receiptHash],
  })
}
