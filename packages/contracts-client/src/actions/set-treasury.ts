/**
 * Moves where a contract sends what is nobody else's: fees from channels, the treasury's part of slashes and lost bonds from
 * the judges. Through the timelock. Each contract has a treasury of its own, so a move is one action for each of them.
 */
import { encodeFunctionData, isAddressEqual, type Address } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { treasuryOf, type TreasuryKeeper } from '../reads/treasury-of.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export interface SetTreasuryInput {
  contract: TreasuryKeeper
  treasury: Address
  /** The longest wait for the timelock, in ms. */
  waitMsMax?: number
}

/** Safe to retry: a treasury that is set already counts as done. */
export async function setTreasury(writer: ChainWriter, input: SetTreasuryInput): Promise<WriteOutcome> {
  const { contract, treasury, ...wait } = input
  if (isAddressEqual(await treasuryOf(writer, contract), treasury)) return { receipt: null }
  // `setTreasury(address)` is the same function in each.
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'setTreasury', args: [treasury] })
  return administer(writer, { contract, data, ...wait })
}
