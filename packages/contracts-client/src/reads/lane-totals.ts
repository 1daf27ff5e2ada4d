/** What a lane has anchored and been paid on over all time, and where its numbering stands. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'

export interface LaneTotals {
  /** 0 before the first one. */
  lastEpoch: number
  /** The next epoch must begin with the number after it. */
  lastSeq: number
  /** Σ price of the anchored epochs, µUSD. */
  anchored: bigint
  /** Of that, claimed, or set aside for claims to come. */
  taken: bigint
  /** Claimed beyond it, by announced vouchers after their grace period. */
  claimedAnnounced: bigint
}

export async function laneTotals({ publicClient, deployment }: ChainReader, lane: Hex): Promise<LaneTotals> {
  const { anchor, channels } = deployment.addresses
  const args = [lane] as const
  const [totals, claims] = await Promise.all([
    publicClient.readContract({ address: anchor, abi: receiptAnchorAbi, functionName: 'totalsOf', args }),
    publicClient.readContract({ address: channels, abi: paymentChannelsAbi, functionName: 'laneClaimsOf', args }),
  ])
  return { lastEpoch: Number(totals.lastEpoch), lastSeq: Number(totals.lastSeq), anchored: totals.sum, ...claims }
}
