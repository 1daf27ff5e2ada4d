/** Relays a payer's ERC-3009 authorization (`depositAuthorizationTypedData`): the payer needs no coins for gas. */
import { encodeFunctionData, parseSignature, type Address, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface DepositWithAuthorizationInput {
  channelId: Hex
  from: Address
  /** µUSD. */
  amount: bigint
  validAfterS: bigint
  validBeforeS: bigint
  nonceSalt: Hex
  /** 65 bytes by `from`. */
  signature: Hex
}

/** Safe to retry: an authorization deposits once, and a used one counts as done. */
export async function depositWithAuthorization(
  { sender, deployment }: ChainWriter,
  input: DepositWithAuthorizationInput,
): Promise<WriteOutcome> {
  const { channelId, from, amount, validAfterS, validBeforeS, nonceSalt } = input
  const { r, s, yParity } = parseSignature(input.signature)
  const data = encodeFunctionData({
    abi: paymentChannelsAbi,
    functionName: 'depositWithAuthorization',
    args: [channelId, from, amount, validAfterS, validBeforeS, nonceSalt, 27 + yParity, r, s],
  })
  return doneWhen('ERC3009UsedAuthorization', sender.send({ to: deployment.addresses.channels, data }))
}
