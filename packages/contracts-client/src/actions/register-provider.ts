/** Registers the sender as a provider, with the fee of the day frozen. Retrying registers no second one. */
import { encodeFunctionData, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { providerIdOf } from '../identifiers.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function registerProvider(
  { sender, deployment }: ChainWriter,
  { salt, payout }: { salt: Hex; payout: Address },
): Promise<WriteOutcome & { providerId: Hex }> {
  const args = [salt, payout] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'registerProvider', args })
  const outcome = await doneWhen('ProviderExists', sender.send({ to: deployment.addresses.registry, data }))
  return { ...outcome, providerId: providerIdOf(sender.account.address, salt) }
}
