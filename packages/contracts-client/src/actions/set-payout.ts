/** Changes where a provider's settlements go, from the next one on. The sender must own the provider. */
import { encodeFunctionData, type Address, type Hex, type TransactionReceipt } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'

export async function setPayout(
  { sender, deployment }: ChainWriter,
  { providerId, payout }: { providerId: Hex; payout: Address },
): Promise<TransactionReceipt> {
  const args = [providerId, payout] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setPayout', args })
  return sender.send({ to: deployment.addresses.registry, data })
}
