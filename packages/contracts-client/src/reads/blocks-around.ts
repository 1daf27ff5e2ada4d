/** Finds blocks by chain time, however long ago: one block header for each halving of the chain. */
import type { ChainReader } from '../chain-client.ts'
import { scanLimits } from './scan-back.ts'

export interface BlocksFound {
  fromBlock: bigint
  toBlock: bigint
}

/**
 * A range of at most `rangeBlocks` that holds every block of this second of chain time since the deployment, as long as
 * no second has half as many. Block times never fall.
 */
export async function blocksAround(
  { publicClient, deployment }: ChainReader,
  timeS: number,
  rangeBlocks = scanLimits.rangeBlocks,
): Promise<BlocksFound> {
  const wanted = BigInt(timeS)
  const newest = await publicClient.getBlockNumber()
  let fromBlock = BigInt(deployment.blockNumber)
  let toBlock = newest > fromBlock ? newest : fromBlock
  while (toBlock - fromBlock >= rangeBlocks) {
    const blockNumber = (fromBlock + toBlock) / 2n
    const { timestamp } = await publicClient.getBlock({ blockNumber })
    if (timestamp < wanted) fromBlock = blockNumber + 1n
    else if (timestamp > wanted) toBlock = blockNumber - 1n
    else {
      const half = rangeBlocks / 2n
      if (blockNumber - half > fromBlock) fromBlock = blockNumber - half
      if (fromBlock + rangeBlocks - 1n < toBlock) toBlock = fromBlock + rangeBlocks - 1n
    }
  }
  return { fromBlock, toBlock }
}
