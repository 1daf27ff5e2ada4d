/** The highest block that can no longer vanish, as the chain's profile defines it: where an indexer may settle. */
import type { PublicClient } from 'viem'

import type { ChainProfile } from './chain-profile.ts'

/** 0 while nothing is final yet. */
export async function finalBlockNumber(
  publicClient: PublicClient,
  { finality }: Pick<ChainProfile, 'finality'>,
): Promise<bigint> {
  if (typeof finality === 'string') {
    const { number } = await publicClient.getBlock({ blockTag: finality })
    return number ?? 0n
  }
  const latest = await publicClient.getBlockNumber()
  const depth = BigInt(finality.depth)
  return latest > depth ? latest - depth : 0n
}
