/**
 * Copies what our contracts reported into Postgres: channels' totals and movements, claims, payouts.
 *
 * Each range of blocks is stored in one transaction with the cursor, so an event counts once. A chain whose history
 * changed under the cursor (a reset, a deep reorganisation) is read anew from the first block.
 */
import type { Hex } from '@isochrone/protocol'
import type { ChainEvent, ChainReads } from '../ports/chain-port.ts'
import type { ChannelRow, ClaimNotes, ChainIndexStore, IndexStore, MovementRow } from '../ports/chain-store.ts'

export interface IndexDeps {
  store: IndexStore
  chain: ChainReads
}

const BLOCKS_A_ROUND = 2_000n

/** Channels whose totals changed, and whether the chain's head was reached. */
export async function indexChainEvents(deps: IndexDeps): Promise<{ channelIds: string[]; caughtUp: boolean }> {
  const { store, chain } = deps
  const cursor = await validCursor(deps)
  const head = await chain.head()
  const from = cursor === null ? chain.firstBlock : cursor + 1n
  const last = from + BLOCKS_A_ROUND - 1n
  const to = last < head.blockNumber ? last : head.blockNumber
  const known = await store.chain.channels()
  const late = known.filter((channel) => channel.openedTx === null && cursor !== null)
  const caughtUp = to === head.blockNumber
  if (from > to) return { channelIds: await indexLateChannels(deps, late, cursor), caughtUp }

  const events = await chain.events(from, to)
  const blockHash = to === head.blockNumber ? head.blockHash : await chain.blockHash(to)
  if (blockHash === null) return { channelIds: [], caughtUp: false }
  const knownIds = new Set(known.map(({ id }) => id))
  const touched = [...new Set(events.flatMap((event) => ('channelId' in event ? [event.channelId] : [])))]
  const channelIds = touched.filter((id) => knownIds.has(id))
  const totals = await totalsOf(chain, channelIds)
  await store.transaction(async (tx) => {
    const before = await tx.chain.lockCursor()
    // Another worker was here first: its transaction has these events.
    if ((before?.blockNumber ?? null) !== cursor) return
    await storeEvents(tx, events, knownIds)
    for (const [id, row] of totals) await tx.chain.updateChannel(id, row)
    await tx.chain.moveCursor(to, blockHash)
  })
  return { channelIds: [...channelIds, ...(await indexLateChannels(deps, late, to))], caughtUp }
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

async function validCursor({ store, chain }: IndexDeps): Promise<bigint | null> {
  const cursor = await store.chain.cursor()
  if (cursor === null) return null
  if ((await chain.blockHash(cursor.blockNumber)) === cursor.blockHash) return cursor.blockNumber
  await store.transaction(async (tx) => {
    if ((await tx.chain.lockCursor())?.blockHash !== cursor.blockHash) return
    await tx.chain.forgetIndexed()
    await tx.epochs.forgetClaims()
  })
  return null
}

async function totalsOf(chain: ChainReads, channelIds: readonly string[]) {
  const totals = new Map<string, Parameters<ChainIndexStore['updateChannel']>[1]>()
  for (const id of channelIds) {
    const state = await chain.channel(id as Hex)
    if (state === null) continue
    totals.set(id, {
      depositedMicroUsd: state.deposited,
      withdrawingMicroUsd: state.withdrawing,
      withdrawnMicroUsd: state.withdrawn,
      ceilingMicroUsd: state.ceiling,
      claimedMicroUsd: state.claimed,
    })
  }
  return totals
}

async function storeEvents(
  tx: { chain: ChainIndexStore; epochs: ClaimNotes },
  events: readonly ChainEvent[],
  knownIds: ReadonlySet<string>,
): Promise<void> {
  const movements = events.map(movementOf).filter((row) => row !== null && knownIds.has(row.channelId))
  await tx.chain.insertMovements(movements.filter((row) => row !== null))
  for (const event of events) {
    const { txHash } = event
    if (event.kind === 'channel_opened') await tx.chain.updateChannel(event.channelId, { openedTx: txHash })
    if (event.kind === 'anchored') await tx.epochs.noteAnchored(event.lane, event.epoch, txHash)
    if (event.kind === 'claimed') await tx.epochs.addClaim(event, event.paidMicroUsd, txHash)
    if (event.kind === 'settled') await tx.epochs.noteSettled(event.providerId, event.epoch, txHash)
  }
  const payouts = events.filter((event) => event.kind === 'settled')
  await tx.chain.insertPayouts(
    payouts.map(({ txHash, logIndex, blockNumber, atMs, providerId, epoch, gross, fee, net }) => {
      const amounts = { grossMicroUsd: gross, feeMicroUsd: fee, netMicroUsd: net }
      return { txHash, logIndex, blockNumber, atMs, providerId, epoch, ...amounts }
    }),
  )
}

function movementOf(event: ChainEvent): MovementRow | null {
  if (event.kind === 'anchored' || event.kind === 'settled' || event.kind === 'channel_opened') return null
  const { txHash, logIndex, blockNumber, atMs, channelId } = event
  const [kind, microUsd] =
    event.kind === 'claimed' ? (['claim', event.paidMicroUsd] as const) : [event.kind, event.microUsd]
  return { id: `${txHash}:${logIndex}`, channelId, kind, microUsd, txHash, logIndex, blockNumber, atMs }
}
