/** Offers a provider to another owner, who must accept. The sender must own the provider. Safe to repeat. */
import { encodeFunctionData, type Address, type Hex, type TransactionReceipt } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'

export async function offerOwnership(
  { sender, deployment }: ChainWriter,
  { providerId, nextOwner }: { providerId: Hex; nextOwner: Address },
): Promise<TransactionReceipt> {
  const args = [providerId, nextOwner] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'offerOwnership', args })
  return sender.send({ to: deployment.addresses.registry, data })
}
