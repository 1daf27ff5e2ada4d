/** What a lane has anchored and been paid on over all time, and its last epoch. */
import type { Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'

export interface LaneTotals {
  /** 0 before the first one. */
  lastEpoch: number
  epochs: number
  /** Σ price of the anchored epochs, µUSD. */
  anchored: bigint
  /** Of that, claimed. */
  claimed: bigint
}

export async function laneTotals({ publicClient, deployment }: ChainReader, lane: Hex): Promise<LaneTotals> {
  const { anchor, channels } = deployment.addresses
  const args = [lane] as const
  const [totals, claimed] = await Promise.all([
    publicClient.readContract({ address: anchor, abi: receiptAnchorAbi, functionName: 'totalsOf', args }),
    publicClient.readContract({ address: channels, abi: paymentChannelsAbi, functionName: 'laneClaimed', args }),
  ])
  return { lastEpoch: Number(totals.lastEpoch), epochs: Number(totals.epochs), anchored: totals.sum, claimed }
}
