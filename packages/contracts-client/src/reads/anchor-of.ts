/** A lane's epoch as it is on record. */
import type { Hex } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'

export interface Anchored {
  root: Hex
  /** Chain time in seconds. */
  anchoredAtS: number
  /** Leaves under the root. */
  count: number
  /** Σ price in µUSD. */
  sum: bigint
}

/** Null when the epoch was never anchored. Its data hash is in the event alone: `anchorEventOf`. */
export async function anchorOf(
  { publicClient, deployment }: ChainReader,
  lane: Hex,
  epoch: number,
): Promise<Anchored | null> {
  const { root, anchoredAt, count, sum } = await publicClient.readContract({
    address: deployment.addresses.anchor,
    abi: receiptAnchorAbi,
    functionName: 'anchorOf',
    args: [lane, BigInt(epoch)],
  })
  if (anchoredAt === 0n) return null
  return { root, anchoredAtS: Number(anchoredAt), count: Number(count), sum }
}
