/** Puts the hash of a provider's terms on record. The sender must own the provider. Safe to retry. */
import { encodeFunctionData, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function registerTerms(
  { sender, deployment }: ChainWriter,
  { providerId, termsHash }: { providerId: Hex; termsHash: Hex },
): Promise<WriteOutcome> {
  const args = [providerId, termsHash] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'registerTerms', args })
  return doneWhen('TermsExist', sender.send({ to: deployment.addresses.registry, data }))
}
