/**
 * How far the money of some requests has come, and whether it adds up to the micro-dollar:
 * payers' debit = Σ receipts = providers' credit + fee.
 *
 * Money moves by whole epochs, so the sums are over all receipts of the epochs that hold the selected ones; with an
 * organisation, its own share of them is given beside. Debits, credits and fees are from the chain's events.
 */
import type { EpochStatus } from '@isochrone/domain'
import type { SettlementFilter, SettlementReads } from '../ports/settlement-reads.ts'

export interface SettlementEpoch {
  lane: string
  epoch: number
  status: EpochStatus
  root: string
  receipts: number
  sumMicroUsd: bigint
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  /** Chain time, s. */
  payableAtS: number | null
}

export interface SettlementStatus {
  /** What the filter selects. `openReceipts` are in no closed epoch yet. */
  selected: { requests: number; receipts: number; openReceipts: number; microUsd: bigint }
  epochs: SettlementEpoch[]
  /** Σ receipts of those epochs. */
  receiptsMicroUsd: bigint
  /** Σ that the chain drew from payers' channels for those epochs. */
  debitMicroUsd: bigint
  /** Σ paid out to providers, net of the fee. */
  creditMicroUsd: bigint
  feeMicroUsd: bigint
  payoutTxs: string[]
  /** The organisation's share of receipts and debit, when the filter names one that has a channel. */
  payer: { channelId: string; receiptsMicroUsd: bigint; debitMicroUsd: bigint } | null
  /** Every selected receipt is in an epoch, and all those epochs are settled. */
  settled: boolean
  /** Settled, and every identity holds. */
  exact: boolean
}

/** `reads` must be of one snapshot (`store.snapshot`): sums taken at different moments need not agree. */
export async function settlementStatus(reads: SettlementReads, filter: SettlementFilter): Promise<SettlementStatus> {
  const groups = await reads.selected(filter)
  const numbers = [...new Set(groups.flatMap(({ epoch }) => (epoch === null ? [] : [epoch])))]
  const epochs = await reads.epochs(numbers)
  const sums = await reads.receiptSums(numbers)
  const payouts = await reads.payouts(numbers)
  const vouchers = epochs.flatMap((row) => row.vouchers)

  const receiptsMicroUsd = total(sums.map(({ microUsd }) => microUsd))
  const debitMicroUsd = total(vouchers.map(({ paidMicroUsd }) => paidMicroUsd ?? 0n))
  const creditMicroUsd = total(payouts.map(({ netMicroUsd }) => netMicroUsd))
  const feeMicroUsd = total(payouts.map(({ feeMicroUsd: fee }) => fee))
  const channelId = filter.orgId === undefined ? null : await reads.channelIdOfOrg(filter.orgId)
  const ofPayer = <T extends { channelId: string }>(rows: readonly T[]) =>
    rows.filter((row) => row.channelId === channelId)
  const payer = channelId !== null && {
    channelId,
    receiptsMicroUsd: total(ofPayer(sums).map(({ microUsd }) => microUsd)),
    debitMicroUsd: total(ofPayer(vouchers).map(({ paidMicroUsd }) => paidMicroUsd ?? 0n)),
  }

  const selected = {
    requests: await reads.requestCount(filter),
    receipts: Number(total(groups.map(({ receipts }) => receipts))),
    openReceipts: Number(total(groups.filter(({ epoch }) => epoch === null).map(({ receipts }) => receipts))),
    microUsd: total(groups.map(({ microUsd }) => microUsd)),
  }
  const settled =
    selected.receipts > 0 && selected.openReceipts === 0 && epochs.every(({ status }) => status === 'settled')
  const addsUp =
    debitMicroUsd === receiptsMicroUsd &&
    creditMicroUsd + feeMicroUsd === receiptsMicroUsd &&
    total(epochs.map(({ sumMicroUsd }) => sumMicroUsd)) === receiptsMicroUsd &&
    (payer === false || payer.receiptsMicroUsd === payer.debitMicroUsd)
  return {
    selected,
    epochs: epochs.map(({ epoch, fromSeq, toSeq, payableAtS, ...row }) => ({
      lane: row.lane,
      status: row.status,
      root: row.root,
      sumMicroUsd: row.sumMicroUsd,
      anchoredTx: row.anchoredTx,
      claimedTx: row.claimedTx,
      settledTx: row.settledTx,
      epoch: Number(epoch),
      receipts: Number(toSeq - fromSeq + 1n),
      payableAtS: payableAtS === null ? null : Number(payableAtS),
    })),
    receiptsMicroUsd,
    debitMicroUsd,
    creditMicroUsd,
    feeMicroUsd,
    payoutTxs: [...new Set(payouts.map(({ txHash }) => txHash))],
    payer: payer === false ? null : payer,
    settled,
    exact: settled && addsUp,
  }
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
