/** A provider as it is registered. */
import { zeroAddress, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

export interface Provider {
  owner: Address
  payout: Address
  /** Basis points, frozen at registration. */
  feeBps: number
  /** Set while a transfer of ownership waits to be accepted. */
  nextOwner: Address | null
}

/** Null when nobody registered this id. */
export async function providerOf({ publicClient, deployment }: ChainReader, providerId: Hex): Promise<Provider | null> {
  const { owner, payout, feeBps, nextOwner } = await publicClient.readContract({
    address: deployment.addresses.registry,
    abi: providerRegistryAbi,
    functionName: 'providerOf',
    args: [providerId],
  })
  if (owner === zeroAddress) return null
  return { owner, payout, feeBps, nextOwner: nextOwner === zeroAddress ? null : nextOwner }
}
