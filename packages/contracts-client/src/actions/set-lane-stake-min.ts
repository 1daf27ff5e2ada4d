/** Sets the least active stake of a lane at its admission, in µUSD. Through the timelock. */
import { encodeFunctionData } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainWriter } from '../chain-client.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export async function setLaneStakeMin(writer: ChainWriter, amount: bigint): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setLaneStakeMin', args: [amount] })
  return administer(writer, { contract: 'registry', data })
}
