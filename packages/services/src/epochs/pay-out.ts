/**
 * Pays out what claimed epochs brought their providers, as far as final records or the end of the grace period release
 * it: one transaction for a provider's many epochs of a lane.
 *
 * Safe at every crash point: what is payable is asked of the chain first, and it pays each micro-dollar once.
 */
import type { Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { EpochRow } from '../ports/epoch-store.ts'
import { isPaid, pendingKeyOf } from './claim-epoch.ts'
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
      pairs.set(`${providerId}:${row.lane}:${row.epoch}`, { row, providerId })
      isDue = true
    }
    if (isDue) due.push(row)
  }
  const txOfEpoch = new Map<string, string>()
  for (const ofOne of Map.groupBy(pairs.values(), ({ providerId, row }) => `${providerId}:${row.lane}`).values()) {
    const first = ofOne[0]
    if (first === undefined) continue
    const rowsOfOne = ofOne.map(({ row }) => row)
    const work = () => settleProvider(deps, first.providerId, rowsOfOne, txOfEpoch)
    if (!(await attempt(stuck, first.row, work))) return 0
  }
  let settled = 0
  for (const row of due) {
    const work = async () => {
      if (await markSettled(deps, row, txOfEpoch.get(`${row.lane}:${row.epoch}`))) settled += 1
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
  return deps.records.anyFinal(providerId, row)
}

async function settleProvider(
  deps: SettlementDeps,
  providerId: Hex,
  rows: readonly EpochRow[],
  txOfEpoch: Map<string, string>,
): Promise<void> {
  const payable: EpochRow[] = []
  for (const row of rows.toSorted((a, b) => Number(a.epoch - b.epoch))) {
    if ((await deps.chain.pendingOf(pendingKeyOf(row, providerId))).payable > 0n) payable.push(row)
  }
  for (let from = 0; from < payable.length; from += BATCH_EPOCHS) {
    const batch = payable.slice(from, from + BATCH_EPOCHS)
    const [first] = batch
    if (first === undefined) break
    const epochs = batch.map(({ epoch }) => Number(epoch))
    const about = { purpose: 'settle', subject: `${providerId}:${first.lane}:${epochs.join(',')}` }
    const input = { providerId, lane: first.lane as Hex, epochs }
    const { txHash } = await sendRecorded(deps.transactions, about, () => deps.chain.settle(input))
    if (txHash !== null) for (const { lane, epoch } of batch) txOfEpoch.set(`${lane}:${epoch}`, txHash)
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
    const pending = await deps.chain.confirmed.pendingOf(pendingKeyOf(row, providerId))
    if (pending.settled !== pending.claimed) return false
  }
  return deps.epochs.advance(lane, epoch, 'claimed', 'settled', { ...(settledTx !== undefined && { settledTx }) })
}
