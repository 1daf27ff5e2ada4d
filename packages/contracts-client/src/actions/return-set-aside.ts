/** Gives back to a lane's anchored sum what is set aside for a provider's epoch and was not claimed yet. */
import { encodeFunctionData, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/**
 * Anyone may: it takes no claim away. Of use when a later voucher is refused with `anchored_sum_reached` because the rest of
 * an earlier epoch's sum lies there. Safe to retry: nothing set aside is an outcome without a receipt.
 */
export async function returnSetAside(
  { sender, deployment }: ChainWriter,
  { providerId, lane, epoch }: { providerId: Hex; lane: Hex; epoch: number },
): Promise<WriteOutcome> {
  const args = [providerId, lane, BigInt(epoch)] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'returnSetAside', args })
  return doneWhen('NothingSetAside', sender.send({ to: deployment.addresses.channels, data }))
}
