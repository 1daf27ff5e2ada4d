/** Admits a gateway key as a lane, through the timelock. The sender must be its proposer and executor. */
import { encodeFunctionData, pad, type Address, type Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { isLane } from '../reads/is-lane.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export interface AddLaneInput {
  gatewayKey: Address
  /** Owns the lane's stake and answers its disputes. */
  operator: Address
  /** `LaneKey(gatewayKey, operator)` by the gateway key, in the registry's domain: proof of possession. */
  signature: Hex
}

/** Safe to retry: a lane that stands counts as done. Its stake must be there before, where a least one is set. */
export async function addLane(
  writer: ChainWriter,
  { gatewayKey, operator, signature }: AddLaneInput,
): Promise<WriteOutcome> {
  if (await isLane(writer, pad(gatewayKey))) return { receipt: null }
  const args = [gatewayKey, operator, signature] as const
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'addLane', args })
  return administer(writer, { contract: 'registry', data })
}
