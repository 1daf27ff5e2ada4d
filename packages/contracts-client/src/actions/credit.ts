/**
 * Pays the sender's tokens into a channel as a refund or an SLA credit: a deposit that no pause stops.
 *
 * Not to be retried blindly: two calls are two credits. The sender itself never sends one of them twice.
 */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { approveToken } from './approve-token.ts'

/** `amount` in µUSD. */
export async function credit(
  writer: ChainWriter,
  { channelId, amount }: { channelId: Hex; amount: bigint },
): Promise<TransactionReceipt> {
  await approveToken(writer, { spender: 'channels', amount })
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'credit', args: [channelId, amount] })
  return writer.sender.send({ to: writer.deployment.addresses.channels, data })
}
