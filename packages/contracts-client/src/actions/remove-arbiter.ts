/** Takes an arbiter off the roster. Through the timelock. Safe to retry. */
import { encodeFunctionData, isAddressEqual, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { arbiters } from '../reads/arbiters.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export async function removeArbiter(writer: ChainWriter, arbiter: Address): Promise<WriteOutcome> {
  const roster = await arbiters(writer)
  if (!roster.some((member) => isAddressEqual(member, arbiter))) return { receipt: null }
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'removeArbiter', args: [arbiter] })
  return administer(writer, { contract: 'disputes', data })
}
