/** The verdict on a lane that signed a lease receipt at a price of its own making. */
import type { LeaseReceipt, Signed, Terms } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { sendContradiction, type ContradictionOutcome } from './send-contradiction.ts'

/** A lease receipt’s price that does not follow from the terms that it names: slashes the lane. Safe to retry. */
export async function proveWrongLeasePrice(
  writer: ChainWriter,
  { value, signature }: Signed<LeaseReceipt>,
  terms: Terms,
): Promise<ContradictionOutcome> {
  const args = [toAbiStruct('LeaseReceipt', value), signature, toAbiStruct('Terms', terms)] as const
  return sendContradiction(
    writer,
    encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveWrongLeasePrice', args }),
  )
}
