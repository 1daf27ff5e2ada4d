/** Starts the thaw of a node key: it serves, and its receipts count, until then. The sender must own the provider. */
import { encodeFunctionData, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { nodeKeyOf } from '../reads/node-key-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: a key that retires already counts as done. `retiresAtS` is chain time in seconds. */
export async function retireNodeKey(
  writer: ChainWriter,
  { providerId, nodeKey }: { providerId: Hex; nodeKey: Address },
): Promise<WriteOutcome & { retiresAtS: number }> {
  const args = [providerId, nodeKey] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'retireNodeKey', args })
  const isSame = async () => {
    const held = await nodeKeyOf(writer, nodeKey)
    return held !== null && held.retiresAtS > 0 && held.providerId === providerId.toLowerCase()
  }
  const sent = writer.sender.send({ to: writer.deployment.addresses.registry, data })
  const outcome = await doneWhen('NodeKeyNotActive', sent, isSame)
  return { ...outcome, retiresAtS: (await nodeKeyOf(writer, nodeKey))?.retiresAtS ?? 0 }
}
