/**
 * What the browser needs to check an epoch's anchor: less than 2 kB, however many receipts the epoch has. Those, the vouchers
 * and the records are in the epoch file.
 */
import type { EpochDetail } from '@isochrone/services'

export type CheckedEpoch = Pick<
  EpochDetail,
  'lane' | 'epoch' | 'root' | 'count' | 'sumMicroUsd' | 'dataHash' | 'fromSeq' | 'toSeq' | 'anchor' | 'anchorSignature'
>

export function checkedEpoch(detail: EpochDetail): CheckedEpoch {
  const { lane, epoch, root, count, sumMicroUsd, dataHash, fromSeq, toSeq, anchor, anchorSignature } = detail
  return { lane, epoch, root, count, sumMicroUsd, dataHash, fromSeq, toSeq, anchor, anchorSignature }
}
