/** Which provider a node key belongs to. */
import { zeroHash, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

/** Null when the key was never bound; `active: false` when it was retired. */
export async function nodeKeyOf(
  { publicClient, deployment }: ChainReader,
  nodeKey: Address,
): Promise<{ providerId: Hex; active: boolean } | null> {
  const held = await publicClient.readContract({
    address: deployment.addresses.registry,
    abi: providerRegistryAbi,
    functionName: 'nodeKeyOf',
    args: [nodeKey],
  })
  return held.providerId === zeroHash ? null : held
}
