/** The Merkle leaves of an epoch: each delivery receipt, and each work receipt that one answers. */
import { decodeStruct, merkleRoot, receiptLeaf, type Hex } from '@isochrone/protocol'

export interface EpochDigest {
  root: Hex
  /** Leaves. */
  count: number
  /** µUSD. */
  sum: bigint
}

export interface ReceiptEvidence {
  delivery: unknown
  /** Null where the node never answered. */
  work: unknown
}

export function epochLeaves(receipts: readonly ReceiptEvidence[]): Hex[] {
  return receipts.flatMap(({ delivery, work }) => {
    const leaf = receiptLeaf('DeliveryReceipt', decodeStruct('DeliveryReceipt', delivery))
    return work === null ? [leaf] : [leaf, receiptLeaf('WorkReceipt', decodeStruct('WorkReceipt', work))]
  })
}

/** What an anchor over these receipts must say. Throws on an empty list: there are no empty epochs. */
export function epochDigest(receipts: readonly ReceiptEvidence[]): EpochDigest {
  const sum = receipts.reduce((total, row) => total + decodeStruct('DeliveryReceipt', row.delivery).price, 0n)
  const leaves = epochLeaves(receipts)
  return { root: merkleRoot(leaves), count: leaves.length, sum }
}
