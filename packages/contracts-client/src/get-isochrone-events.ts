/**
 * What our contracts reported in a range of blocks, typed and in order: the source of an indexer.
 */
import { parseEventLogs, type ParseEventLogsReturnType } from 'viem'

import type { ChainReader } from './chain-client.ts'
import { isochroneAbi } from './isochrone-abi.ts'

/** A union over every event: `switch (event.eventName)` narrows `event.args`. */
export type IsochroneEvent = ParseEventLogsReturnType<typeof isochroneAbi, undefined, true>[number]

export interface BlockRange {
  fromBlock: bigint
  toBlock: bigint
}

/** Blocks asked for at a time: nodes refuse larger ranges. */
const RANGE_MAX = 2_000n

/** Events of registry, anchors and channels in the range, both ends included, oldest first. */
export async function getIsochroneEvents(
  { publicClient, deployment }: ChainReader,
  { fromBlock, toBlock }: BlockRange,
): Promise<IsochroneEvent[]> {
  const { registry, anchor, channels } = deployment.addresses
  const events: IsochroneEvent[] = []
  for (let from = fromBlock; from <= toBlock; from += RANGE_MAX) {
    const last = from + RANGE_MAX - 1n
    const to = last < toBlock ? last : toBlock
    const logs = await publicClient.getLogs({ address: [registry, anchor, channels], fromBlock: from, toBlock: to })
    events.push(...parseEventLogs({ abi: isochroneAbi, logs }))
  }
  return events
}
