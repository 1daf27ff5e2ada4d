/**
 * Copies what our contracts reported into Postgres: channels' totals and movements, claims, payouts, records.
 *
 * Only confirmed blocks are read. Each range is stored in one transaction with the cursor, so an event counts once. The
 * hashes of the newest blocks are kept: when a reorganisation removes some of them all the same, exactly what was taken
 * from those is undone, and reading goes on from the fork. A chain that shares no kept block with ours is read anew.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { ChainEvent, ChainReads, ChannelOnChain } from '../ports/chain-port.ts'
import type { ChannelTotals, IndexStore, KeptBlock } from '../ports/chain-store.ts'
import { movementOf, storeEvents } from './store-events.ts'
import { isStorable, storedMicroUsd } from './stored-amounts.ts'
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
  /** Events that no table can hold: they were passed over. */
  skipped: ChainEvent[]
}

const BLOCKS_A_ROUND = 2_000n
/** Anyone may link a channel that nobody ever opens: so many are asked about, whoever waited longest first. */
const LATE_CHANNELS_A_ROUND = 20
const PLACE: ReadonlySet<string> = new Set(['txHash', 'logIndex', 'blockNumber', 'blockHash', 'atMs'])

export async function indexChainEvents(deps: IndexDeps): Promise<IndexRound> {
  const { store, chain } = deps
  const { cursor, undone, channelIds: undoneIds } = await takeBackRemoved(deps)
  await store.transaction((tx) => tx.epochs.adoptEarlyClaims())
  const head = await chain.head()
  const from = cursor === null ? chain.firstBlock : cursor.blockNumber + 1n
  const last = from + BLOCKS_A_ROUND - 1n
  const to = last < head.blockNumber ? last : head.blockNumber
  const known = await store.chain.channels()
  const caughtUp = to >= head.blockNumber
  if (from > to) {
    const ids = await indexLateChannels(deps, cursor?.blockNumber ?? null)
    return { channelIds: [...undoneIds, ...ids], caughtUp, undone, skipped: [] }
  }

  const read = await readRange(chain, from, to, cursor)
  const storable = read.events.filter(isStorable)
  const knownIds = new Set(known.map(({ id }) => id))
  const touched = [...new Set(read.events.flatMap((event) => ('channelId' in event ? [event.channelId] : [])))]
  const channelIds = touched.filter((id) => knownIds.has(id))
  const totals = await totalsOf(chain, [...channelIds, ...undoneIds])
  await store.transaction(async (tx) => {
    const before = await tx.chain.lockCursor()
    // Another worker was here first: its transaction has these events.
    if ((before?.blockHash ?? null) !== (cursor?.blockHash ?? null)) return
    await storeEvents(tx, storable, knownIds)
    for (const [id, row] of totals) await tx.chain.updateChannel(id, row)
    const keepFrom = to - BigInt(chain.reorgBlocksMax)
    const kept = storable.filter((event) => event.blockNumber >= keepFrom)
    await tx.chain.keepBlocks(read.blocks, kept.map(indexedEventOf), keepFrom)
    await tx.chain.moveCursor(to, read.blockHash)
  })
  const lateIds = caughtUp ? await indexLateChannels(deps, to) : []
  const skipped = read.events.filter((event) => !isStorable(event))
  return { channelIds: [...undoneIds, ...channelIds, ...lateIds], caughtUp, undone, skipped }
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

/**
 * Channels that were linked to an organisation after the cursor had passed their first events. One state read tells
 * those that are open; their past is read once, because then the row names the transaction that opened it.
 */
async function indexLateChannels({ store, chain }: IndexDeps, cursor: bigint | null): Promise<string[]> {
  const opened: string[] = []
  if (cursor === null) return opened
  const late = await store.chain.unopenedChannels(LATE_CHANNELS_A_ROUND)
  if (late.length > 0) await store.chain.touchChannels(late)
  for (const id of late) {
    const state = await chain.confirmed.channel(id as Hex)
    if (state === null) continue
    const row = totalsIn(state)
    const events = (await chain.channelEvents(id as Hex, chain.firstBlock, cursor)).filter(isStorable)
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
    totals.set(id, totalsIn(await chain.confirmed.channel(id as Hex)))
  }
  return totals
}

function totalsIn(state: ChannelOnChain | null): ChannelTotals {
  return {
    depositedMicroUsd: storedMicroUsd(state?.deposited ?? 0n),
    withdrawingMicroUsd: storedMicroUsd(state?.withdrawing ?? 0n),
    withdrawnMicroUsd: storedMicroUsd(state?.withdrawn ?? 0n),
    ceilingMicroUsd: storedMicroUsd(state?.ceiling ?? 0n),
    claimedMicroUsd: storedMicroUsd(state?.claimed ?? 0n),
    thawEndsAtS: state === null || state.thawEndsAtS === 0 ? null : BigInt(state.thawEndsAtS),
  }
}

/** As it is kept for undoing: bigints as decimal text. */
function indexedEventOf(event: ChainEvent) {
  const { txHash, logIndex, blockNumber } = event
  const what = Object.entries(event)
    .filter(([name]) => !PLACE.has(name))
    .map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value])
  return { txHash, logIndex, blockNumber, event: Object.fromEntries(what) as object }
}
