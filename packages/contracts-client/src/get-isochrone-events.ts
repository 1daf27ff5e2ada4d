/**
 * What our contracts reported in a range of blocks, typed and in order: the source of an indexer.
 */
import { formatLog, numberToHex, parseEventLogs, type Hex, type ParseEventLogsReturnType } from 'viem'

import type { ChainReader } from './chain-client.ts'
import type { ContractName } from './deployment.ts'
import { isochroneAbi } from './isochrone-abi.ts'

/** A union over every event: `switch (event.eventName)` narrows `event.args`. */
export type IsochroneEvent = ParseEventLogsReturnType<typeof isochroneAbi, undefined, true>[number]

export interface BlockRange {
  fromBlock: bigint
  toBlock: bigint
}

/** Whose events are followed: what the verifier, the hasher, the token and the timelock say is not our story. */
export const eventContracts = [
  'registry',
  'anchor',
  'channels',
  'vault',
  'ledger',
  'disputes',
  'contradictions',
  'panels',
] as const satisfies readonly ContractName[]

/** Blocks asked for at a time: nodes refuse larger ranges. */
const RANGE_MAX = 2_000n

/** Events of all our contracts in the range, both ends included, oldest first. */
export async function getIsochroneEvents(
  { publicClient, deployment }: ChainReader,
  { fromBlock, toBlock }: BlockRange,
): Promise<IsochroneEvent[]> {
  const address = eventContracts.map((name) => deployment.addresses[name])
  const events: IsochroneEvent[] = []
  for (let from = fromBlock; from <= toBlock; from += RANGE_MAX) {
    const last = from + RANGE_MAX - 1n
    const to = last < toBlock ? last : toBlock
    const logs = await publicClient.getLogs({ address, fromBlock: from, toBlock: to })
    events.push(...parseEventLogs({ abi: isochroneAbi, logs }))
  }
  return events
}

/**
 * What happened to one channel, oldest first. Nodes filter by the channel's id, so a long range costs little; it is where
 * every event of a channel has it: the first indexed value, the third of `PendingRefunded`.
 */
export async function getChannelEvents(
  { publicClient, deployment }: ChainReader,
  channelId: Hex,
  { fromBlock, toBlock }: BlockRange,
): Promise<IsochroneEvent[]> {
  const address = deployment.addresses.channels
  const events: IsochroneEvent[] = []
  for (let from = fromBlock; from <= toBlock; from += RANGE_MAX) {
    const last = from + RANGE_MAX - 1n
    const range = { fromBlock: numberToHex(from), toBlock: numberToHex(last < toBlock ? last : toBlock) }
    for (const topics of [
      [null, channelId],
      [null, null, null, channelId],
    ]) {
      const logs = await publicClient.request({ method: 'eth_getLogs', params: [{ address, topics, ...range }] })
      events.push(...parseEventLogs({ abi: isochroneAbi, logs: logs.map((log) => formatLog(log)) }))
    }
  }
  return events.toSorted((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex)
}
