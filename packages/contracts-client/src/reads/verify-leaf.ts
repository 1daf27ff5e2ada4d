/** Asks the chain whether a leaf is under the root that a lane anchored for an epoch. */
import type { Hex } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'

export interface VerifyLeafInput {
  lane: Hex
  epoch: number
  leaf: Hex
  /** Siblings from the leaf up. */
  proof: readonly Hex[]
}

/** False also when the epoch was never anchored. */
export async function verifyLeaf(
  { publicClient, deployment }: ChainReader,
  { lane, epoch, leaf, proof }: VerifyLeafInput,
): Promise<boolean> {
  return publicClient.readContract({
    address: deployment.addresses.anchor,
    abi: receiptAnchorAbi,
    functionName: 'verify',
    args: [lane, BigInt(epoch), leaf, proof],
  })
}
