/** Takes over a provider that was offered to the sender. Safe to retry: one that the sender owns counts as done. */
import { encodeFunctionData, isAddressEqual, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { providerOf } from '../reads/provider-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function acceptOwnership(writer: ChainWriter, providerId: Hex): Promise<WriteOutcome> {
  const { sender, deployment } = writer
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'acceptOwnership', args: [providerId] })
  const isOurs = async () => {
    const owner = (await providerOf(writer, providerId))?.owner
    return owner !== undefined && isAddressEqual(owner, sender.account.address)
  }
  return doneWhen('NotNextOwner', sender.send({ to: deployment.addresses.registry, data }), isOurs)
}
