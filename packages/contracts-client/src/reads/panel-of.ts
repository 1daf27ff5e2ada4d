/** The three arbiters who rule on a dispute, or on its appeal. */
import { zeroAddress, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainReader } from '../chain-client.ts'

/** Empty before they are drawn. */
export async function panelOf(
  { publicClient, deployment }: ChainReader,
  { disputeId, appeal = false }: { disputeId: bigint; appeal?: boolean },
): Promise<readonly Address[]> {
  const panel = await publicClient.readContract({
    address: deployment.addresses.disputes,
    abi: disputeManagerAbi,
    functionName: 'panelOf',
    args: [disputeId, appeal],
  })
  return panel.filter((arbiter) => arbiter !== zeroAddress)
}
