/**
 * Takes back what removed blocks had said. Movements and payouts go with their blocks; here the sums and the statuses
 * that were built on them follow. Settlement asks the chain again for whatever is opened here.
 */
import { z } from 'zod'
import type { IndexedRepositories } from './store-events.ts'
import { storedMicroUsd } from './stored-amounts.ts'

const digits = z.string().regex(/^\d+$/).transform(BigInt)
const text = z.string()

/** Of `WhatHappened`, the events that leave more than a row of their own. */
const undoable = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('channel_opened'), channelId: text }),
  z.object({ kind: z.literal('anchored'), lane: text, epoch: digits }),
  z.object({
    kind: z.literal('claimed'),
    channelId: text,
    providerId: text,
    lane: text,
    epoch: digits,
    paidMicroUsd: digits,
  }),
  z.object({ kind: z.literal('settled'), lane: text, epoch: digits }),
  z.object({ kind: z.literal('record'), nodeId: text, lane: text, epoch: digits }),
  z.object({ kind: z.literal('pool_tested'), nodeId: text, channelId: text, termsHash: text, txHash: text }),
])
const ofChannel = z.object({ channelId: text })

/** @param events newest first, as they were kept, with the hashes of their transactions. Returns the channels whose totals have to be read again. */
export async function undoEvents(tx: IndexedRepositories, events: readonly unknown[]): Promise<string[]> {
  const channelIds = new Set<string>()
  for (const json of events) {
    const channel = ofChannel.safeParse(json)
    if (channel.success) channelIds.add(channel.data.channelId)
    const event = undoable.safeParse(json)
    if (event.success) await undo(tx, event.data)
  }
  return [...channelIds]
}

async function undo(tx: IndexedRepositories, event: z.infer<typeof undoable>): Promise<void> {
  switch (event.kind) {
    case 'channel_opened':
      return tx.chain.updateChannel(event.channelId, { openedTx: null })
    case 'anchored':
      return tx.epochs.reopen(event.lane, event.epoch)
    case 'claimed':
      await tx.epochs.subtractClaim(event, storedMicroUsd(event.paidMicroUsd))
      return tx.epochs.reopen(event.lane, event.epoch)
    case 'settled':
      return tx.epochs.unsettle(event.lane, event.epoch)
    case 'record':
      return tx.records.reopen({ nodeId: event.nodeId, lane: event.lane, epoch: event.epoch })
    case 'pool_tested':
      return tx.records.reopenCounts(event, event.txHash)
  }
}

/** Nothing that was indexed is on the chain: everything starts from what lanes signed. */
export async function undoAll(tx: IndexedRepositories): Promise<void> {
  await tx.epochs.forgetClaims()
  await tx.records.reopenAll()
}
