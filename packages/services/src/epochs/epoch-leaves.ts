/** The Merkle leaves of an epoch: each delivery receipt, each work receipt that one answers, each lease receipt. */
import { decodeStruct, merkleRoot, receiptLeaf, type Hex } from '@isochrone/protocol'

export interface EpochDigest {
  root: Hex
  /** Leaves. */
  count: number
  /** µUSD. */
  sum: bigint
}

/** A delivery with the work receipt that it answers, null where the node never did; or a lease receipt. */
export type ReceiptEvidence = { delivery: unknown; work: unknown } | { lease: unknown }

export function epochLeaves(receipts: readonly ReceiptEvidence[]): Hex[] {
  return receipts.flatMap((receipt) => {
    if ('lease' in receipt) return [receiptLeaf('LeaseReceipt', decodeStruct('LeaseReceipt', receipt.lease))]
    const leaf = receiptLeaf('DeliveryReceipt', decodeStruct('DeliveryReceipt', receipt.delivery))
    if (receipt.work === null) return [leaf]
    return [leaf, receiptLeaf('WorkReceipt', decodeStruct('WorkReceipt', receipt.work))]
  })
}

/** What an anchor over these receipts must say. Throws on an empty list: there are no empty epochs. */
export function epochDigest(receipts: readonly ReceiptEvidence[]): EpochDigest {
  const sum = receipts.reduce((total, receipt) => total + priceOf(receipt), 0n)
  const leaves = epochLeaves(receipts)
  return { root: merkleRoot(leaves), count: leaves.length, sum }
}

function priceOf(receipt: ReceiptEvidence): bigint {
  if ('lease' in receipt) return decodeStruct('LeaseReceipt', receipt.lease).price
  return decodeStruct('DeliveryReceipt', receipt.delivery).price
}
