/** Admits a gateway key as a lane. The sender must hold the registry's lane role. Safe to retry. */
import { encodeFunctionData, type Address } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function addLane({ sender, deployment }: ChainWriter, gatewayKey: Address): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'addLane', args: [gatewayKey] })
  return doneWhen('LaneExists', sender.send({ to: deployment.addresses.registry, data }))
}
