/** Takes what has thawed out of a channel: the lesser of what was asked back and what is unclaimed. */
import { encodeFunctionData, parseEventLogs, type Address, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'

/** The sender must own the channel. `amount` is what left it, in µUSD. */
export async function withdraw(
  { sender, deployment }: ChainWriter,
  { channelId, to }: { channelId: Hex; to: Address },
): Promise<{ receipt: TransactionReceipt; amount: bigint }> {
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'withdraw', args: [channelId, to] })
  const receipt = await sender.send({ to: deployment.addresses.channels, data })
  const [log] = parseEventLogs({ abi: paymentChannelsAbi, logs: receipt.logs, eventName: 'Withdrawn' })
  return { receipt, amount: log?.args.amount ?? 0n }
}
