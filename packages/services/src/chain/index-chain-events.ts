/**
 * Copies what our contracts reported into Postgres: channels' totals and movements, claims, payouts, records.
 *
 * Only confirmed blocks are read. Each range is stored in one transaction with the cursor, so an event counts once. The
 * hashes of the newest blocks are kept: when a reorganisation removes some of them all the same, exactly what was taken
 * from those is undone, and reading goes on from the fork. A chain that shares no kept block with ours is read anew.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { ChainEvent, ChainReads } from '../ports/chain-port.ts'
import type { ChannelRow, ChannelTotals, IndexStore, KeptBlock } from '../ports/chain-store.ts'
import { movementOf, storeEvents } from './store-events.ts'
import { undoAll, undoEvents } from './undo-events.ts'

export interface IndexDeps {
  store: IndexStore
  chain: ChainReads
}

export interface IndexRound {
  /** Channels whose totals changed. */
  channelIds: string[]
  /** Whether the newest confirmed block was reached. */
  caughtUp: boolean
  /** Blocks that a reorganisation had removed. */
  undone: number
}

const BLOCKS_A_ROUND = 2_000n
const PLACE: ReadonlySet<string> = new Set(['txHash', 'logIndex', 'blockNumber', 'blockHash', 'atMs'])

export async function indexChainEvents(deps: IndexDeps): Promise<IndexRound> {
  const { store, chain } = deps
  const { cursor, undone, channelIds: undoneIds } = await takeBackRemoved(deps)
  const head = await chain.head()
  const from = cursor === null ? chain.firstBlock : cursor.blockNumber + 1n
  const last = from + BLOCKS_A_ROUND - 1n
  const to = last < head.blockNumber ? last : head.blockNumber
  const known = await store.chain.channels()
  const late = known.filter((channel) => channel.openedTx === null && cursor !== null)
  const caughtUp = to >= head.blockNumber
  if (from > to) {
    const ids = await indexLateChannels(deps, late, cursor?.blockNumber ?? null)
    return { channelIds: [...undoneIds, ...ids], caughtUp, undone }
  }

  const read = await readRange(chain, from, to, cursor)
  const knownIds = new Set(known.map(({ id }) => id))
  const touched = [...new Set(read.events.flatMap((event) => ('channelId' in event ? [event.channelId] : [])))]
  const channelIds = touched.filter((id) => knownIds.has(id))
  const totals = await totalsOf(chain, [...channelIds, ...undoneIds])
  await store.transaction(async (tx) => {
    const before = await tx.chain.lockCursor()
    // Another worker was here first: its transaction has these events.
    if ((before?.blockHash ?? null) !== (cursor?.blockHash ?? null)) return
    await storeEvents(tx, read.events, knownIds)
    for (const [id, row] of totals) await tx.chain.updateChannel(id, row)
    const keepFrom = to - BigInt(chain.reorgBlocksMax)
    const kept = read.events.filter((event) => event.blockNumber >= keepFrom)
    await tx.chain.keepBlocks(read.blocks, kept.map(indexedEventOf), keepFrom)
    await tx.chain.moveCursor(to, read.blockHash)
  })
  const lateIds = await indexLateChannels(deps, late, to)
  return { channelIds: [...undoneIds, ...channelIds, ...lateIds], caughtUp, undone }
}

interface Cursor {
  blockNumber: bigint
  blockHash: string
}

/** Undoes what was taken from blocks that are not on the chain any more; the cursor is then the fork. */
async function takeBackRemoved(
  deps: IndexDeps,
): Promise<{ cursor: Cursor | null; undone: number; channelIds: string[] }> {
  const { store, chain } = deps
  const cursor = await store.chain.cursor()
  if (cursor === null || (await chain.blockHash(cursor.blockNumber)) === cursor.blockHash) {
    return { cursor, undone: 0, channelIds: [] }
  }
  let fork: KeptBlock | null = null
  for (const block of await store.chain.blocks()) {
    if ((await chain.blockHash(block.number)) !== block.hash) continue
    fork = block
    break
  }
  let channelIds: string[] = []
  await store.transaction(async (tx) => {
    if ((await tx.chain.lockCursor())?.blockHash !== cursor.blockHash) return
    if (fork === null) {
      await tx.chain.forgetIndexed()
      await undoAll(tx)
      return
    }
    channelIds = await undoEvents(tx, await tx.chain.dropBlocksAfter(fork.number))
    await tx.chain.moveCursor(fork.number, fork.hash)
  })
  const now = await store.chain.cursor()
  const undone = Number(cursor.blockNumber - (now?.blockNumber ?? chain.firstBlock - 1n))
  const known = new Set((await store.chain.channels()).map(({ id }) => id))
  return { cursor: now, undone, channelIds: channelIds.filter((id) => known.has(id)) }
}

/** Events with the hashes of the newest blocks, all of one chain: a change while they were read is an error. */
async function readRange(
  chain: ChainReads,
  from: bigint,
  to: bigint,
  cursor: Cursor | null,
): Promise<{ events: ChainEvent[]; blocks: KeptBlock[]; blockHash: string }> {
  const keepFrom = to - BigInt(chain.reorgBlocksMax)
  const blocks: KeptBlock[] = []
  for (let number = from > keepFrom ? from : keepFrom; number <= to; number++) {
    const hash = await chain.blockHash(number)
    if (hash === null) throw changed()
    blocks.push({ number, hash })
  }
  const events = await chain.events(from, to)
  const hashes = new Map(blocks.map(({ number, hash }) => [number, hash]))
  const isOther = ({ blockNumber, blockHash }: ChainEvent) => (hashes.get(blockNumber) ?? blockHash) !== blockHash
  const last = blocks.at(-1)
  const still = last !== undefined && (await chain.blockHash(to)) === last.hash
  const follows = cursor === null || (await chain.blockHash(cursor.blockNumber)) === cursor.blockHash
  if (!still || !follows || events.some(isOther)) throw changed()
  return { events, blocks, blockHash: last.hash }
}

function changed(): AppError {
  return new AppError('chain_unavailable', { publicMessage: 'The chain changed while it was read. It is read again.' })
}

/** Channels that were linked to an organisation after the cursor had passed their first events. */
async function indexLateChannels({ store, chain }: IndexDeps, late: readonly ChannelRow[], cursor: bigint | null) {
  const opened: string[] = []
  if (cursor === null) return opened
  for (const { id } of late) {
    const totals = await totalsOf(chain, [id])
    const row = totals.get(id)
    if (row === undefined) continue
    const events = (await chain.events(chain.firstBlock, cursor)).filter(
      (event) => 'channelId' in event && event.channelId === id,
    )
    await store.transaction(async (tx) => {
      // Claims are counted by the cursor's own transaction; here only the channel's history is filled in.
      await tx.chain.insertMovements(events.map(movementOf).filter((movement) => movement !== null))
      const openedTx = events.find((event) => event.kind === 'channel_opened')?.txHash
      await tx.chain.updateChannel(id, { ...row, ...(openedTx !== undefined && { openedTx }) })
    })
    opened.push(id)
  }
  return opened
}

async function totalsOf(chain: ChainReads, channelIds: readonly string[]): Promise<Map<string, ChannelTotals>> {
  const totals = new Map<string, ChannelTotals>()
  for (const id of new Set(channelIds)) {
    const state = await chain.confirmed.channel(id as Hex)
    totals.set(id, {
      depositedMicroUsd: state?.deposited ?? 0n,
      withdrawingMicroUsd: state?.withdrawing ?? 0n,
      withdrawnMicroUsd: state?.withdrawn ?? 0n,
      ceilingMicroUsd: state?.ceiling ?? 0n,
      claimedMicroUsd: state?.claimed ?? 0n,
      thawEndsAtS: state === null || state.thawEndsAtS === 0 ? null : BigInt(state.thawEndsAtS),
    })
  }
  return totals
}

/** As it is kept for undoing: bigints as decimal text. */
function indexedEventOf(event: ChainEvent) {
  const { txHash, logIndex, blockNumber } = event
  const what = Object.entries(event)
    .filter(([name]) => !PLACE.has(name))
    .map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value])
  return { txHash, logIndex, blockNumber, event: Object.fromEntries(what) as object }
}
