/** Asks money back from a channel and starts its thaw anew; an amount of 0 takes the request back. */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'

/** The sender must own the channel. `amount` in µUSD, at most what is unclaimed. */
export async function requestWithdrawal(
  { sender, deployment }: ChainWriter,
  { channelId, amount }: { channelId: Hex; amount: bigint },
): Promise<TransactionReceipt> {
  const args = [channelId, amount] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'requestWithdrawal', args })
  return sender.send({ to: deployment.addresses.channels, data })
}
