/**
 * Puts a closed epoch's root on the chain, once Postgres holds every receipt under it.
 *
 * Safe at every crash point: the chain is asked first. Epochs of a lane are anchored in order, because the contract
 * takes no earlier one afterwards. An anchor that does not follow from the stored receipts is never sent.
 */
import { AppError } from '@isochrone/domain'
import { decodeStruct, type EpochAnchor, type Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { EpochRow, EpochStore } from '../ports/epoch-store.ts'
import { epochDigest } from './epoch-leaves.ts'
import type { SettlementDeps } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'epochs' | 'chain' | 'transactions'>

/** True once it is anchored; false while receipts, an earlier epoch or confirmations are still on their way. */
export async function anchorEpoch(deps: Deps, row: EpochRow): Promise<boolean> {
  if (row.status !== 'closed') return true
  const { lane, epoch } = row
  const anchor = decodeStruct('EpochAnchor', row.anchor)
  let anchored = await deps.chain.confirmed.anchorOf(anchor.lane, anchor.epoch)
  let txHash: string | null = null
  if (!anchored) {
    if (!(await isComplete(deps.epochs, row))) return false
    const digest = epochDigest(await deps.epochs.evidence(lane, row.fromSeq, row.toSeq))
    if (digest.root !== anchor.root || digest.sum !== anchor.sum || digest.count !== anchor.count) {
      throw contradicts(anchor, `its receipts give ${digest.root}, ${digest.count} leaves, ${digest.sum} µUSD`)
    }
    const subject = `${lane}:${epoch}`
    const signed = { value: anchor, signature: row.anchorSignature as Hex }
    ;({ txHash } = await sendRecorded(deps.transactions, { purpose: 'anchor', subject }, () =>
      deps.chain.anchor(signed),
    ))
    anchored = await deps.chain.confirmed.anchorOf(anchor.lane, anchor.epoch)
  }
  if (!anchored) return false
  if (anchored.root !== anchor.root) throw contradicts(anchor, `the chain holds root ${anchored.root}`)
  return deps.epochs.advance(lane, epoch, 'closed', 'anchored', { ...(txHash !== null && { anchoredTx: txHash }) })
}

async function isComplete(epochs: EpochStore, row: EpochRow): Promise<boolean> {
  const { lane, fromSeq, toSeq } = row
  if (fromSeq > 1n && !(await epochs.endsBefore(lane, fromSeq))) return false
  return (await epochs.countReceipts(lane, fromSeq, toSeq)) === Number(toSeq - fromSeq + 1n)
}

function contradicts(anchor: EpochAnchor, what: string): AppError {
  return new AppError('state_conflict', {
    publicMessage: `Epoch ${anchor.epoch} of lane ${anchor.lane} says root ${anchor.root}, ${anchor.count} leaves, ${anchor.sum} µUSD, but ${what}.`,
  })
}
