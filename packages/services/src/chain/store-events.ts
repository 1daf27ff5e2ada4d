/** What each event of our contracts changes in Postgres. Called once for each event, with the cursor's transaction. */
import type { ChainEvent } from '../ports/chain-port.ts'
import type { ClaimNotes, ChainIndexStore, MovementRow, RecordNotes } from '../ports/chain-store.ts'
import { storedMicroUsd } from './stored-amounts.ts'

export interface IndexedRepositories {
  chain: ChainIndexStore
  epochs: ClaimNotes
  records: RecordNotes
}

export async function storeEvents(
  tx: IndexedRepositories,
  events: readonly ChainEvent[],
  knownIds: ReadonlySet<string>,
): Promise<void> {
  const movements = events.map(movementOf).filter((row) => row !== null)
  await tx.chain.insertMovements(movements.filter((row) => knownIds.has(row.channelId)))
  for (const event of events) await note(tx, event)
  const disputes = events.filter((event) => event.kind === 'dispute')
  await tx.chain.insertDisputeEvents(
    disputes.map(({ txHash, logIndex, blockNumber, atMs, disputeId, step, body }) => ({
      txHash,
      logIndex,
      blockNumber,
      atMs,
      disputeId,
      step,
      body,
    })),
  )
  const payouts = events.filter((event) => event.kind === 'settled')
  await tx.chain.insertPayouts(
    payouts.map(({ txHash, logIndex, blockNumber, atMs, providerId, lane, epoch, gross, fee, net }) => ({
      txHash,
      logIndex,
      blockNumber,
      atMs,
      providerId,
      lane,
      epoch,
      grossMicroUsd: storedMicroUsd(gross),
      feeMicroUsd: storedMicroUsd(fee),
      netMicroUsd: storedMicroUsd(net),
    })),
  )
}

async function note(tx: IndexedRepositories, event: ChainEvent): Promise<void> {
  const { txHash } = event
  switch (event.kind) {
    case 'channel_opened':
      return tx.chain.updateChannel(event.channelId, { openedTx: txHash })
    case 'anchored':
      return tx.epochs.noteAnchored(event.lane, event.epoch, txHash)
    case 'claimed':
      return tx.epochs.addClaim(event, storedMicroUsd(event.paidMicroUsd), txHash)
    case 'settled':
      return tx.epochs.noteSettled(event.lane, event.epoch, txHash)
    case 'record':
      return noteRecord(tx.records, event)
    case 'pool_tested':
      return tx.records.notePoolTest({
        nodeId: event.nodeId,
        channelId: event.channelId,
        termsHash: event.termsHash,
        leaf: event.leaf,
        broken: event.broken,
        creditMicroUsd: storedMicroUsd(event.creditMicroUsd),
        countedTx: txHash,
      })
    default:
      return
  }
}

/** The status itself is read from the ledger by settlement; what moves its end only makes it look again. */
async function noteRecord(
  records: RecordNotes,
  { nodeId, lane, epoch, version, step, txHash }: Extract<ChainEvent, { kind: 'record' }>,
): Promise<void> {
  const key = { nodeId, lane, epoch, ...(version !== null && { version }) }
  if (step === 'reported') await records.noteTransaction(key, 'reportedTx', txHash)
  if (step === 'final') await records.noteTransaction(key, 'finalTx', txHash)
  if (step === 'challenged') await records.noteTransaction(key, 'challengedTx', txHash)
  if (step !== 'reported' && step !== 'final') await records.lookAgain({ nodeId, lane, epoch })
}

/** Null for events that move no channel's money. */
export function movementOf(event: ChainEvent): MovementRow | null {
  const { txHash, logIndex, blockNumber, atMs } = event
  const place = { id: `${txHash}:${logIndex}`, txHash, logIndex, blockNumber, atMs }
  switch (event.kind) {
    case 'claimed':
      return { ...place, channelId: event.channelId, kind: 'claim', microUsd: storedMicroUsd(event.paidMicroUsd) }
    case 'deposit':
    case 'ceiling':
    case 'withdrawal_requested':
    case 'withdrawal':
    case 'refund':
    case 'credit':
      return { ...place, channelId: event.channelId, kind: event.kind, microUsd: storedMicroUsd(event.microUsd) }
    default:
      return null
  }
}
