/**
 * Puts a closed epoch's root on the chain, once Postgres holds every receipt under it.
 *
 * Safe at every crash point: the chain is asked first. Epochs of a lane are anchored in order, because the contract
 * takes no earlier one afterwards. An anchor that does not follow from the stored receipts is never sent.
 */
import { AppError } from '@isochrone/domain'
import { decodeStruct, type EpochAnchor, type Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { SettlementChain, TransactionLog } from '../ports/chain-port.ts'
import type { EpochRow, EpochStore } from '../ports/epoch-store.ts'
import { epochDigest } from './epoch-leaves.ts'

export interface EpochDeps {
  epochs: EpochStore
  transactions: TransactionLog
  chain: SettlementChain
}

/** True once it is anchored; false while receipts or an earlier epoch are still on their way. */
export async function anchorEpoch(deps: EpochDeps, row: EpochRow): Promise<boolean> {
  if (row.status !== 'closed') return true
  const { lane, epoch } = row
  const anchor = decodeStruct('EpochAnchor', row.anchor)
  const known = await deps.chain.anchorOf(anchor.lane, anchor.epoch)
  let txHash: string | null = null
  if (known) {
    if (known.root !== anchor.root) throw contradicts(anchor, `the chain holds root ${known.root}`)
  } else {
    if (!(await isComplete(deps.epochs, row))) return false
    const digest = epochDigest(await deps.epochs.deliveries(lane, row.fromSeq, row.toSeq))
    if (digest.root !== anchor.root || digest.sum !== anchor.sum || digest.count !== anchor.count) {
      throw contradicts(anchor, `its receipts give ${digest.root}, ${digest.count} of them, ${digest.sum} µUSD`)
    }
    const subject = `${lane}:${epoch}`
    const signed = { value: anchor, signature: row.anchorSignature as Hex }
    ;({ txHash } = await sendRecorded(deps.transactions, { purpose: 'anchor', subject }, () =>
      deps.chain.anchor(signed),
    ))
  }
  const anchored = known ?? (await deps.chain.anchorOf(anchor.lane, anchor.epoch))
  const payableAtS = anchored ? BigInt(anchored.anchoredAtS + deps.chain.settleWindowS) : undefined
  await deps.epochs.advance(lane, epoch, 'closed', 'anchored', {
    ...(txHash !== null && { anchoredTx: txHash }),
    ...(payableAtS !== undefined && { payableAtS }),
  })
  return true
}

async function isComplete(epochs: EpochStore, row: EpochRow): Promise<boolean> {
  const { lane, fromSeq, toSeq, count } = row
  if (fromSeq > 1n && !(await epochs.endsBefore(lane, fromSeq))) return false
  return (await epochs.countReceipts(lane, fromSeq, toSeq)) === Number(count)
}

function contradicts(anchor: EpochAnchor, what: string): AppError {
  return new AppError('state_conflict', {
    publicMessage: `Epoch ${anchor.epoch} of lane ${anchor.lane} says root ${anchor.root}, ${anchor.count} receipts, ${anchor.sum} µUSD, but ${what}.`,
  })
}
