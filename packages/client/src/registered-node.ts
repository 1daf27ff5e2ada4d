/** Asks the chain itself whether a node is registered: an answer that no gateway can give in its place. */
import { createPublicClient, http, parseAbi } from 'viem'
import type { Candidate } from './candidates.ts'

const abi = parseAbi([
  'function isNodeActive(bytes32 nodeId) view returns (bool)',
  'function nodeKeyOf(address nodeKey) view returns ((bytes32 providerId, uint64 retiresAt))',
])

export interface Registry {
  /** Of a node of the chain that you trust. */
  rpcUrl: string
  /** `ProviderRegistry`. */
  address: `0x${string}`
  /** Providers that may read requests; default: any that is registered. */
  providers?: readonly string[]
}

/** For `accept`: true for nodes whose key the registry has, in use, under the provider that is named. */
export function registeredNode({ rpcUrl, address, providers }: Registry): (candidate: Candidate) => Promise<boolean> {
  const chain = createPublicClient({ transport: http(rpcUrl) })
  return async ({ nodeId, provider }) => {
    const nodeKey = `0x${nodeId.slice(26)}` as const
    const [isActive, { providerId }] = await Promise.all([
      chain.readContract({ abi, address, functionName: 'isNodeActive', args: [nodeId] }),
      chain.readContract({ abi, address, functionName: 'nodeKeyOf', args: [nodeKey] }),
    ])
    const isWanted = providers === undefined || providers.some((id) => id.toLowerCase() === providerId)
    return isActive && providerId === provider.toLowerCase() && isWanted
  }
}
