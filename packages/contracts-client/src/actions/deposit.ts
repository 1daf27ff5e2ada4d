/**
 * Deposits the sender's tokens into a channel, approving them first where the allowance does not suffice.
 *
 * Not to be retried blindly: two calls are two deposits. The sender itself never sends one of them twice.
 */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { approveToken } from './approve-token.ts'

export interface DepositInput {
  channelId: Hex
  /** µUSD. */
  amount: bigint
}

export async function deposit(writer: ChainWriter, { channelId, amount }: DepositInput): Promise<TransactionReceipt> {
  await approveToken(writer, { spender: 'channels', amount })
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'deposit', args: [channelId, amount] })
  return writer.sender.send({ to: writer.deployment.addresses.channels, data })
}
