/** Whether a lane is admitted: may anchor. */
import type { Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

export async function isLane({ publicClient, deployment }: ChainReader, lane: Hex): Promise<boolean> {
  const address = deployment.addresses.registry
  return publicClient.readContract({ address, abi: providerRegistryAbi, functionName: 'isLane', args: [lane] })
}
