/** Where a lane's signatures hold. */
import type { Hex } from '@isochrone/protocol'

export interface LaneContracts {
  chainId: number
  /** Verifying contract of receipts, vouchers and link proofs. */
  paymentChannels: Hex
  /** Verifying contract of epoch anchors. */
  receiptAnchor: Hex
  /** Verifying contract of performance records. */
  slaLedger: Hex
}
