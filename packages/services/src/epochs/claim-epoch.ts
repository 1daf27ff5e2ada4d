/**
 * Redeems an anchored epoch's vouchers into the providers' pending.
 *
 * Safe at every crash point: what the chain has paid is asked first, a voucher pays once, and the amounts are taken
 * from the chain's own events by the indexer.
 */
import type { Hex, Signed, Voucher } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { EpochRow, StoredVoucher } from '../ports/epoch-store.ts'
import type { EpochDeps } from './anchor-epoch.ts'

/** Vouchers in one transaction. */
const BATCH_VOUCHERS = 100

export async function claimEpoch(deps: EpochDeps, row: EpochRow): Promise<void> {
  if (row.status !== 'anchored') return
  const { lane, epoch } = row
  const due: StoredVoucher[] = []
  for (const voucher of await deps.epochs.vouchers(lane, epoch)) {
    const { channelId, providerId } = voucher
    const key = { channelId: channelId as Hex, providerId: providerId as Hex, lane: lane as Hex }
    if ((await deps.chain.claimedOf(key)) < voucher.cumulativeMicroUsd) due.push(voucher)
  }
  let claimedTx: string | undefined
  for (let from = 0; from < due.length; from += BATCH_VOUCHERS) {
    const batch = due.slice(from, from + BATCH_VOUCHERS)
    const about = { purpose: 'claim', subject: `${lane}:${epoch}` }
    const { txHash, outcomes } = await sendRecorded(deps.transactions, about, () =>
      deps.chain.claimMany(batch.map(signedVoucher)),
    )
    for (const { channelId, providerId, unpaid, reason } of outcomes) {
      const why = reason ?? (unpaid > 0n ? 'short' : null)
      if (why !== null && why !== 'nothing_due')
        await deps.epochs.recordSkip({ lane, epoch, channelId, providerId }, why)
    }
    claimedTx = txHash ?? claimedTx
  }
  await deps.epochs.advance(lane, epoch, 'anchored', 'claimed', { ...(claimedTx !== undefined && { claimedTx }) })
}

function signedVoucher(row: StoredVoucher): Signed<Voucher> {
  return {
    value: {
      channelId: row.channelId as Hex,
      providerId: row.providerId as Hex,
      lane: row.lane as Hex,
      epoch: Number(row.epoch),
      cumulative: row.cumulativeMicroUsd,
      receiptRoot: row.receiptRoot as Hex,
    },
    signature: row.signature as Hex,
  }
}
