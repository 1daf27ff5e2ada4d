/** The verdict on a lane that signed a delivery at a price of its own making. */
import type { DeliveryReceipt, Signed, Terms } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { sendContradiction, type ContradictionOutcome } from './send-contradiction.ts'

/** A delivery’s price that does not follow from the terms that it names, signed by the lane: slashes the lane. Safe to retry. */
export async function proveWrongPrice(
  writer: ChainWriter,
  { value, signature }: Signed<DeliveryReceipt>,
  terms: Terms,
): Promise<ContradictionOutcome> {
  const args = [toAbiStruct('DeliveryReceipt', value), signature, toAbiStruct('Terms', terms)] as const
  return sendContradiction(
    writer,
    encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveWrongPrice', args }),
  )
}
