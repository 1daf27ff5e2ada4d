/** The Merkle leaves of an epoch: its delivery receipts. The work each answers is bound by the `workHash` in it. */
import { decodeStruct, merkleRoot, receiptLeaf, type Hex } from '@isochrone/protocol'

export interface EpochDigest {
  root: Hex
  count: number
  /** µUSD. */
  sum: bigint
}

export function epochLeaves(deliveries: readonly unknown[]): Hex[] {
  return deliveries.map((json) => receiptLeaf('DeliveryReceipt', decodeStruct('DeliveryReceipt', json)))
}

/** What an anchor over these delivery receipts must say. Throws on an empty list: there are no empty epochs. */
export function epochDigest(deliveries: readonly unknown[]): EpochDigest {
  const sum = deliveries.reduce<bigint>((total, json) => total + decodeStruct('DeliveryReceipt', json).price, 0n)
  return { root: merkleRoot(epochLeaves(deliveries)), count: deliveries.length, sum }
}
