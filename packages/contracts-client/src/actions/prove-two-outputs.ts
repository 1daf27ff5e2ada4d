/** The verdict on a node that signed two outputs for one attempt. */
import type { Signed, WorkReceipt } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { sendContradiction, type ContradictionOutcome } from './send-contradiction.ts'

/** Two outputs for one (request, attempt, node), both signed by the node: slashes the provider. Safe to retry. */
export async function proveTwoOutputs(
  writer: ChainWriter,
  [a, b]: readonly [Signed<WorkReceipt>, Signed<WorkReceipt>],
): Promise<ContradictionOutcome> {
  const args = [
    toAbiStruct('WorkReceipt', a.value),
    a.signature,
    toAbiStruct('WorkReceipt', b.value),
    b.signature,
  ] as const
  return sendContradiction(
    writer,
    encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveTwoOutputs', args }),
  )
}
