/** Raises a channel's ceiling by a session key that its owner signed for. Anyone relays. */
import type { SessionKey, Signed } from '@isochrone/protocol'
import { encodeFunctionData, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { channelState } from '../reads/channel-state.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface SetCeilingBySessionInput {
  /** The owner's `SessionKey`. */
  session: Signed<SessionKey>
  /** µUSD over the channel's life: the new total, not what is added. */
  amount: bigint
  /** `Ceiling(channelId, amount)` by the session key. */
  signature: Hex
}

/** Safe to retry: a ceiling that is already there counts as done. */
export async function setCeilingBySession(
  writer: ChainWriter,
  { session, amount, signature }: SetCeilingBySessionInput,
): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.channels
  const args = [amount, toAbiStruct('SessionKey', session.value), session.signature, signature] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'setCeilingBySession', args })
  const isSame = async () => (await channelState(writer, session.value.channelId)).ceiling === amount
  return doneWhen('CeilingNotRaised', writer.sender.send({ to, data }), isSame)
}
