/**
 * Pays out what claimed epochs brought their providers, as far as final records or the end of the grace period release
 * it: one transaction for a provider's many epochs.
 *
 * Safe at every crash point: what is payable is asked of the chain first, and it pays each micro-dollar once.
 */
import type { Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { EpochRow } from '../ports/epoch-store.ts'
import { isPaid } from './claim-epoch.ts'
import { attempt, type SettlementDeps, type Stuck } from './settlement-deps.ts'

/** Epochs in one transaction. */
const BATCH_EPOCHS = 50

/** How many epochs are paid out in full now. */
export async function payOut(deps: SettlementDeps, rows: readonly EpochRow[], stuck: Stuck[]): Promise<number> {
  if (rows.length === 0) return 0
  const { nowS } = await deps.chain.head()
  const pairs = new Map<string, { row: EpochRow; providerId: Hex }>()
  const due: EpochRow[] = []
  for (const row of rows) {
    const providers = await providersOf(deps, row)
    let isDue = providers.length === 0
    for (const providerId of providers) {
      if (!(await mayBePayable(deps, row, providerId, nowS))) continue
      pairs.set(`${providerId}:${row.epoch}`, { row, providerId })
      isDue = true
    }
    if (isDue) due.push(row)
  }
  const txOfEpoch = new Map<string, string>()
  for (const ofProvider of Map.groupBy(pairs.values(), ({ providerId }) => providerId).values()) {
    const first = ofProvider[0]
    if (first === undefined) continue
    const work = () =>
      settleProvider(
        deps,
        first.providerId,
        ofProvider.map(({ row }) => row.epoch),
        txOfEpoch,
      )
    if (!(await attempt(stuck, first.row, work))) return 0
  }
  let settled = 0
  for (const row of due) {
    const work = async () => {
      if (await markSettled(deps, row, txOfEpoch.get(String(row.epoch)))) settled += 1
    }
    if (!(await attempt(stuck, row, work))) return settled
  }
  return settled
}

async function providersOf(deps: SettlementDeps, { lane, epoch }: EpochRow): Promise<Hex[]> {
  const vouchers = await deps.epochs.vouchers(lane, epoch)
  return [...new Set(vouchers.map(({ providerId }) => providerId as Hex))]
}

/** Nothing is before a record is final or the grace period over: then the chain need not be asked. */
async function mayBePayable(deps: SettlementDeps, row: EpochRow, providerId: Hex, nowS: number): Promise<boolean> {
  if (row.payableAtS === null || row.payableAtS <= nowS) return true
  return deps.records.anyFinal(providerId, row.epoch)
}

async function settleProvider(
  deps: SettlementDeps,
  providerId: Hex,
  epochs: readonly bigint[],
  txOfEpoch: Map<string, string>,
): Promise<void> {
  const payable: number[] = []
  for (const epoch of epochs.toSorted((a, b) => Number(a - b))) {
    if ((await deps.chain.pendingOf(providerId, Number(epoch))).payable > 0n) payable.push(Number(epoch))
  }
  for (let from = 0; from < payable.length; from += BATCH_EPOCHS) {
    const batch = payable.slice(from, from + BATCH_EPOCHS)
    const about = { purpose: 'settle', subject: `${providerId}:${batch.join(',')}` }
    const { txHash } = await sendRecorded(deps.transactions, about, () => deps.chain.settle(providerId, batch))
    if (txHash !== null) for (const epoch of batch) txOfEpoch.set(String(epoch), txHash)
  }
}

/**
 * Settled: what was claimed of the epoch is paid out to every provider, in the confirmed chain. A voucher that a channel
 * is short of does not hold it up: once more of it is paid, the epoch is opened again.
 */
async function markSettled(deps: SettlementDeps, row: EpochRow, settledTx: string | undefined): Promise<boolean> {
  const { lane, epoch } = row
  const vouchers = await deps.epochs.vouchers(lane, epoch)
  for (const voucher of vouchers) {
    const paid = await isPaid(deps, voucher)
    if (!paid && voucher.skippedReason === null) return false
    if (paid && voucher.skippedReason !== null) await deps.epochs.recordSkip(voucher, null)
  }
  for (const providerId of new Set(vouchers.map((voucher) => voucher.providerId as Hex))) {
    const pending = await deps.chain.confirmed.pendingOf(providerId, Number(epoch))
    if (pending.settled !== pending.claimed) return false
  }
  return deps.epochs.advance(lane, epoch, 'claimed', 'settled', { ...(settledTx !== undefined && { settledTx }) })
}
