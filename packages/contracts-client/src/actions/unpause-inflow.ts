/** Lets new channels and deposits in again. Through the timelock. Safe to retry. */
import { encodeFunctionData } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export async function unpauseInflow(writer: ChainWriter): Promise<WriteOutcome> {
  const channels = { address: writer.deployment.addresses.channels, abi: paymentChannelsAbi }
  if (!(await writer.publicClient.readContract({ ...channels, functionName: 'paused' }))) return { receipt: null }
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'unpauseInflow' })
  return administer(writer, { contract: 'channels', data })
}
