/** Sets the fee, in basis points, that later registrations freeze. Through the timelock. */
import { encodeFunctionData } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

/** Safe to retry: a fee that is set already counts as done. */
export async function setFee(writer: ChainWriter, feeBps: number): Promise<WriteOutcome> {
  const address = writer.deployment.addresses.registry
  const registry = { address, abi: providerRegistryAbi }
  if ((await writer.publicClient.readContract({ ...registry, functionName: 'feeBps' })) === feeBps)
    return { receipt: null }
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setFee', args: [feeBps] })
  return administer(writer, { contract: 'registry', data })
}
