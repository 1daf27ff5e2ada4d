/** Relays an ERC-3009 authorization: money goes from its signer to whom it names, and the signer needs no coins for gas. */
import { encodeFunctionData, parseSignature, type Address, type Hex } from 'viem'

import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface TransferWithAuthorizationInput {
  from: Address
  to: Address
  /** µUSD. */
  amount: bigint
  validAfterS: bigint
  validBeforeS: bigint
  /** 32 bytes: the token takes each of them once from a signer. */
  nonce: Hex
  /** 65 bytes by `from`. */
  signature: Hex
}

/** Safe to retry: an authorization pays once, and a used one counts as done. */
export async function transferWithAuthorization(
  { sender, deployment }: ChainWriter,
  input: TransferWithAuthorizationInput,
): Promise<WriteOutcome> {
  const { from, to, amount, validAfterS, validBeforeS, nonce } = input
  const { r, s, yParity } = parseSignature(input.signature)
  const data = encodeFunctionData({
    abi: testUsdcAbi,
    functionName: 'transferWithAuthorization',
    args: [from, to, amount, validAfterS, validBeforeS, nonce, 27 + yParity, r, s],
  })
  return doneWhen('ERC3009UsedAuthorization', sender.send({ to: deployment.addresses.token, data }))
}
