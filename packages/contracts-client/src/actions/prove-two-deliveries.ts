/** The verdict on a lane that signed two deliveries under one number. */
import type { DeliveryReceipt, Signed } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { sendContradiction, type ContradictionOutcome } from './send-contradiction.ts'

/** Two deliveries for one (lane, seq), both signed by the lane: slashes the lane. Safe to retry. */
export async function proveTwoDeliveries(
  writer: ChainWriter,
  [a, b]: readonly [Signed<DeliveryReceipt>, Signed<DeliveryReceipt>],
): Promise<ContradictionOutcome> {
  const [first, second] = [toAbiStruct('DeliveryReceipt', a.value), toAbiStruct('DeliveryReceipt', b.value)]
  const args = [first, a.signature, second, b.signature] as const
  return sendContradiction(
    writer,
    encodeFunctionData({ abi: contradictionsAbi, functionName: 'proveTwoDeliveries', args }),
  )
}
