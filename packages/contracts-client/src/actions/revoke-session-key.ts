/** Ends a session key for one channel, for ever. The sender must own the channel. */
import { encodeFunctionData, type Address, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { isSessionRevoked } from '../reads/is-session-revoked.ts'
import type { WriteOutcome } from './outcome.ts'

/** Safe to retry: a key that was revoked already counts as done. */
export async function revokeSessionKey(
  writer: ChainWriter,
  { channelId, key }: { channelId: Hex; key: Address },
): Promise<WriteOutcome> {
  if (await isSessionRevoked(writer, { channelId, key })) return { receipt: null }
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'revokeSessionKey', args: [channelId, key] })
  return { receipt: await writer.sender.send({ to: writer.deployment.addresses.channels, data }) }
}
