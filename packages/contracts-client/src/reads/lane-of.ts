/** A lane as it is registered. */
import type { Address, Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

export interface RegisteredLane {
  /** Owns the lane's stake and answers its disputes. */
  operator: Address
  /** Chain time in seconds. */
  admittedAtS: number
  /** Null while it stands. */
  removedAtS: number | null
}

/** Null when it was never admitted. */
export async function laneOf({ publicClient, deployment }: ChainReader, lane: Hex): Promise<RegisteredLane | null> {
  const { operator, admittedAt, removedAt } = await publicClient.readContract({
    address: deployment.addresses.registry,
    abi: providerRegistryAbi,
    functionName: 'laneOf',
    args: [lane],
  })
  if (admittedAt === 0n) return null
  return { operator, admittedAtS: Number(admittedAt), removedAtS: removedAt === 0n ? null : Number(removedAt) }
}
