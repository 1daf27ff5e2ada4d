/** What a lane's anchoring said beyond what the chain keeps in storage: the data hash and the sequence numbers. */
import { getAbiItem, type Hex } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainReader } from '../chain-client.ts'
import { anchorOf } from './anchor-of.ts'
import { blocksAround } from './blocks-around.ts'

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

/** Null when the epoch was never anchored. Storage says when it was, so that the event is found however long ago. */
export async function anchorEventOf(
  reader: ChainReader,
  lane: Hex,
  epoch: number,
  rangeBlocks?: bigint,
): Promise<AnchorEvent | null> {
  const stored = await anchorOf(reader, lane, epoch)
  if (stored === null) return null
  const [log] = await reader.publicClient.getLogs({
    address: reader.deployment.addresses.anchor,
    event: getAbiItem({ abi: receiptAnchorAbi, name: 'EpochAnchored' }),
    args: { lane, epoch: BigInt(epoch) },
    strict: true,
    ...(await blocksAround(reader, stored.anchoredAtS, rangeBlocks)),
  })
  if (log === undefined) return null
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
