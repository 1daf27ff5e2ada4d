/** Opens a payer's channel. Retrying opens no second one. */
import { encodeFunctionData, type Address, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { channelIdOf } from '../identifiers.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface OpenChannelInput {
  /** Whose channel it is: signs ceilings, takes withdrawals. Need not be the sender. */
  owner: Address
  salt: Hex
}

export async function openChannel(
  { sender, deployment }: ChainWriter,
  { owner, salt }: OpenChannelInput,
): Promise<WriteOutcome & { channelId: Hex }> {
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'open', args: [owner, salt] })
  const outcome = await doneWhen('ChannelExists', sender.send({ to: deployment.addresses.channels, data }))
  return { ...outcome, channelId: channelIdOf(owner, salt) }
}
