/** The services' reads of the chain: as things are now, and as they stand in the newest confirmed block. */
import {
  anchorOf,
  challengeOf,
  channelState,
  claimedOf,
  laneTotals,
  pendingOf,
  providerOf,
  standingOf,
  type ChainProfile,
  type ChainReader,
} from '@isochrone/contracts-client'
import { systemClock, type Clock } from '@isochrone/domain'
import type { ChainReads, ChainView } from '@isochrone/services'
import { chainEvents, channelEvents } from './chain-events.ts'

/** Hashes kept below the head where the profile names no depth: more than any public chain reorganises in practice. */
const REORG_BLOCKS = 128

export function chainReads(reader: ChainReader, profile: ChainProfile, clock: Clock = systemClock): ChainReads {
  const { publicClient, deployment } = reader
  const confirmedNumber = () => confirmedNumberOf(reader, profile)
  const finalityDepth = typeof profile.finality === 'string' ? 0 : profile.finality.depth
  return {
    ...chainView(reader),
    confirmed: chainView(confirmedReads(reader, profile)),
    firstBlock: BigInt(deployment.blockNumber),
    reorgBlocksMax: Math.max(REORG_BLOCKS, finalityDepth),
    async head() {
      const { number, hash, timestamp } = await publicClient.getBlock({ blockNumber: await confirmedNumber() })
      // The last block of a quiet chain may be old: our own clock counts as well, and the contract has the last word.
      const nowS = Math.max(Number(timestamp), Math.floor(clock.nowMs() / 1_000))
      return { blockNumber: number, blockHash: hash, nowS }
    },
    async blockHash(blockNumber) {
      if (blockNumber > (await publicClient.getBlockNumber())) return null
      return (await publicClient.getBlock({ blockNumber })).hash
    },
    events: (fromBlock, toBlock) => chainEvents(reader, fromBlock, toBlock),
    channelEvents: (channelId, fromBlock, toBlock) => channelEvents(reader, channelId, fromBlock, toBlock),
  }
}

function chainView(reader: ChainReader): ChainView {
  return {
    async channel(channelId) {
      const { isOpen, deposited, withdrawn, withdrawing, claimed, ceiling, thawEndsAtS } = await channelState(
        reader,
        channelId,
      )
      return isOpen ? { deposited, withdrawn, withdrawing, claimed, ceiling, thawEndsAtS } : null
    },
    isProvider: async (providerId) => (await providerOf(reader, providerId)) !== null,
    anchorOf: (lane, epoch) => anchorOf(reader, lane, epoch),
    claimedOf: (key) => claimedOf(reader, key),
    pendingOf: (key) => pendingOf(reader, key),
    async laneLeft(lane) {
      const { anchored, taken } = await laneTotals(reader, lane)
      // Two reads: a claim between them may have taken of what was anchored since the first.
      return anchored > taken ? anchored - taken : 0n
    },
    async standingOf(record) {
      const standing = await standingOf(reader, record)
      if (standing === null || standing.status === 'none') return null
      const { status, version, nodeSigned, finalAtS, earned, countsRoot } = standing
      const challenge = status === 'challenged' ? await challengeOf(reader, record) : null
      const { rulingEndsAtS, bond: challengeBond } = challenge ?? { rulingEndsAtS: 0, bond: 0n }
      const said = { status, version, nodeSigned, finalAtS, rulingEndsAtS, challengeBond }
      return { ...said, earned, countsRoot: countsRoot.toLowerCase() }
    },
  }
}

/** The same reader, whose contract reads are of the newest confirmed block and never of the pending one. */
export function confirmedReads(reader: ChainReader, profile: ChainProfile): ChainReader {
  if (profile.confirmations === 1) return latestOnly(reader)
  return confirmedReader(reader, () => confirmedNumberOf(reader, profile))
}

/** Of the newest block that counts as confirmed. */
async function confirmedNumberOf({ publicClient }: ChainReader, { confirmations }: ChainProfile): Promise<bigint> {
  const number = (await publicClient.getBlockNumber()) - BigInt(confirmations - 1)
  return number > 0n ? number : 0n
}

type ReadContract = ChainReader['publicClient']['readContract']
type ReadParameters = Parameters<ReadContract>[0]

/** The same reader, whose contract reads are of the newest confirmed block whatever block they ask for. */
function confirmedReader(reader: ChainReader, confirmedNumber: () => Promise<bigint>): ChainReader {
  return withReads(reader, async (read) => ({ ...read, blockTag: undefined, blockNumber: await confirmedNumber() }))
}

/** The newest block, never the pending one. */
function latestOnly(reader: ChainReader): ChainReader {
  return withReads(reader, async (read) => ({ ...read, blockNumber: undefined, blockTag: 'latest' }))
}

function withReads(reader: ChainReader, at: (read: ReadParameters) => Promise<ReadParameters>): ChainReader {
  const readContract = (async (read: ReadParameters) =>
    reader.publicClient.readContract(await at(read))) as ReadContract
  return { ...reader, publicClient: { ...reader.publicClient, readContract } }
}
