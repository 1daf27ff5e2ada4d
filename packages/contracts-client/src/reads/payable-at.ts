/** When what a lane's epoch brings becomes payable: its anchoring plus the settlement window. */
import type { Hex } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import { anchorOf } from './anchor-of.ts'

/** Chain time in seconds; null when the epoch is not anchored. */
export async function payableAt(reader: ChainReader, lane: Hex, epoch: number): Promise<number | null> {
  const anchored = await anchorOf(reader, lane, epoch)
  return anchored && anchored.anchoredAtS + reader.deployment.params.settleWindowS
}
