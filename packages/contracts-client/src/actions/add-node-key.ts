/** Binds a node key to a provider, for ever. The sender must own the provider. */
import { encodeFunctionData, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { nodeKeyOf } from '../reads/node-key-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface AddNodeKeyInput {
  providerId: Hex
  nodeKey: Address
  /** `NodeKey(providerId, nodeKey)` by the node key, in the registry's domain: proof that its holder agrees. */
  signature: Hex
}

/** Safe to retry: a key that this provider holds already counts as done. */
export async function addNodeKey(
  writer: ChainWriter,
  { providerId, nodeKey, signature }: AddNodeKeyInput,
): Promise<WriteOutcome> {
  const args = [providerId, nodeKey, signature] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'addNodeKey', args })
  const isSame = async () => {
    const held = await nodeKeyOf(writer, nodeKey)
    return held?.active === true && held.providerId === providerId.toLowerCase()
  }
  return doneWhen('NodeKeyTaken', writer.sender.send({ to: writer.deployment.addresses.registry, data }), isSame)
}
