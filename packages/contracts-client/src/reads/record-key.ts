/** What names a performance record: a node's epoch on a lane. */
import type { Hex } from 'viem'

export interface RecordKey {
  nodeId: Hex
  lane: Hex
  epoch: number
}

/** The first arguments of every call about a record. */
export function recordArgs({ nodeId, lane, epoch }: RecordKey) {
  return [nodeId, lane, BigInt(epoch)] as const
}
