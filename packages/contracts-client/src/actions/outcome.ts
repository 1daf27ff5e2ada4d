/**
 * How a write ended: with its receipt, or without a transaction because the chain already held what was asked for.
 */
import type { TransactionReceipt } from 'viem'

import { revertNamed } from '../explain-chain-error.ts'
import type { IsochroneErrorName } from '../isochrone-abi.ts'

export interface WriteOutcome {
  /** Null when an earlier transaction had done it: a retried write is no error. */
  receipt: TransactionReceipt | null
}

/**
 * Takes a refusal as success: `doneWhen('ChannelExists', sent)`. With `isSame`, only after the chain confirms that what
 * it holds is what was asked for.
 */
export async function doneWhen(
  refusal: IsochroneErrorName | readonly IsochroneErrorName[],
  sent: Promise<TransactionReceipt>,
  isSame: () => Promise<boolean> = async () => true,
): Promise<WriteOutcome> {
  try {
    return { receipt: await sent }
  } catch (error) {
    const name = revertNamed(error)
    if (name !== undefined && [refusal].flat().includes(name as IsochroneErrorName) && (await isSame())) {
      return { receipt: null }
    }
    throw error
  }
}
