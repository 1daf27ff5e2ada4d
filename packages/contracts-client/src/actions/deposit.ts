/**
 * Deposits the sender's tokens into a channel, approving them first where the allowance does not suffice.
 *
 * Not to be retried blindly: two calls are two deposits. The sender itself never sends one of them twice.
 */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainWriter } from '../chain-client.ts'

export interface DepositInput {
  channelId: Hex
  /** µUSD. */
  amount: bigint
}

export async function deposit(writer: ChainWriter, { channelId, amount }: DepositInput): Promise<TransactionReceipt> {
  const { sender, deployment } = writer
  await approve(writer, amount)
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'deposit', args: [channelId, amount] })
  return sender.send({ to: deployment.addresses.channels, data })
}

async function approve({ publicClient, sender, deployment }: ChainWriter, amount: bigint): Promise<void> {
  const { token, channels } = deployment.addresses
  const allowance = await publicClient.readContract({
    address: token,
    abi: testUsdcAbi,
    functionName: 'allowance',
    args: [sender.account.address, channels],
  })
  if (allowance >= amount) return
  const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'approve', args: [channels, amount] })
  await sender.send({ to: token, data })
}
