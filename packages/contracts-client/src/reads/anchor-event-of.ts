/** What a lane's anchoring said beyond what the chain keeps in storage: the data hash and the sequence numbers. */
import { getAbiItem, type Hex } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'
import { findLatestLog } from './find-latest-log.ts'

export interface AnchorEvent {
  root: Hex
  count: number
  /** µUSD. */
  sum: bigint
  /** Keccak-256 of the published epoch file. */
  dataHash: Hex
  fromSeq: number
  toSeq: number
  /** Lifetime Σ price of the lane after it, µUSD. */
  laneSum: bigint
  blockNumber: bigint
  transactionHash: Hex
}

/** Null when the epoch was never anchored (or longer ago than `findLatestLog` looks). */
export async function anchorEventOf(reader: ChainReader, lane: Hex, epoch: number): Promise<AnchorEvent | null> {
  const log = await findLatestLog(reader, {
    address: reader.deployment.addresses.anchor,
    event: getAbiItem({ abi: receiptAnchorAbi, name: 'EpochAnchored' }),
    args: { lane, epoch: BigInt(epoch) },
  })
  if (log === null) return null
  const { root, count, sum, dataHash, fromSeq, toSeq, laneSum } = log.args
  const { blockNumber, transactionHash } = log
  return {
    root,
    count: Number(count),
    sum,
    dataHash,
    fromSeq: Number(fromSeq),
    toSeq: Number(toSeq),
    laneSum,
    blockNumber,
    transactionHash,
  }
}
