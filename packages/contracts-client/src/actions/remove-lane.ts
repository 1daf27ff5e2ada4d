/** Stops a lane from anchoring. What it anchored stays claimable. The sender must hold the lane role. Safe to retry. */
import { encodeFunctionData, type Address } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function removeLane({ sender, deployment }: ChainWriter, gatewayKey: Address): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'removeLane', args: [gatewayKey] })
  return doneWhen('UnknownLane', sender.send({ to: deployment.addresses.registry, data }))
}
