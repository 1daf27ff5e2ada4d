/** Relays what a channel's owner signed: how much may be drawn over the channel's life. */
import { encodeFunctionData, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { channelState } from '../reads/channel-state.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface SetCeilingInput {
  channelId: Hex
  /** µUSD, lifetime total. */
  amount: bigint
  /** Over `ceilingTypedData`; any bytes that an owner's contract accepts by ERC-1271. */
  signature: Hex
}

/** Safe to retry: a ceiling that is already there counts as done, a lower one than that does not. */
export async function setCeiling(
  writer: ChainWriter,
  { channelId, amount, signature }: SetCeilingInput,
): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.channels
  const args = [channelId, amount, signature] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'setCeiling', args })
  const isSame = async () => (await channelState(writer, channelId)).ceiling === amount
  return doneWhen('CeilingNotRaised', writer.sender.send({ to, data }), isSame)
}
