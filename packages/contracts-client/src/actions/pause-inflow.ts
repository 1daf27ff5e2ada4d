/** Stops new channels and deposits; nothing else. The sender must hold the guardian role. Safe to retry. */
import { encodeFunctionData } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export async function pauseInflow({ sender, deployment }: ChainWriter): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'pauseInflow' })
  return doneWhen('EnforcedPause', sender.send({ to: deployment.addresses.channels, data }))
}
