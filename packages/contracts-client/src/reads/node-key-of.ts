/** Which provider a node key belongs to, and whether it still serves. */
import { pad, zeroHash, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

export interface BoundNodeKey {
  providerId: Hex
  /** False once its retirement has come, at chain time. */
  active: boolean
  /** Chain time in seconds; 0 while no retirement was asked for. */
  retiresAtS: number
}

/** Null when the key was never bound. */
export async function nodeKeyOf(
  { publicClient, deployment }: ChainReader,
  nodeKey: Address,
): Promise<BoundNodeKey | null> {
  const registry = { address: deployment.addresses.registry, abi: providerRegistryAbi }
  const [held, active] = await Promise.all([
    publicClient.readContract({ ...registry, functionName: 'nodeKeyOf', args: [nodeKey] }),
    publicClient.readContract({ ...registry, functionName: 'isNodeActive', args: [pad(nodeKey)] }),
  ])
  if (held.providerId === zeroHash) return null
  return { providerId: held.providerId, active, retiresAtS: Number(held.retiresAt) }
}
