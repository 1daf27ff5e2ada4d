/** Lanes' epochs and how they were settled: public, because anyone may check them. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { EpochRow } from '../ports/rows.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import { receiptListItem } from './receipts.ts'
import { recordsOfEpoch } from './records.ts'
import type { Page } from './views/common.ts'
import type { EpochDetail, EpochSummary } from './views/epochs.ts'
import type { ReceiptListItem } from './views/receipts.ts'

type Deps = Pick<ControlPlaneDeps, 'store'>

/** Newest first. */
export async function listEpochs(
  { store }: Deps,
  input: { cursor?: string | undefined; limit?: number | undefined },
): Promise<Page<EpochSummary>> {
  const limit = limitOf(input.limit)
  const rows = await store.readings.epochs({ limit: limit + 1, before: decodeCursor(input.cursor) })
  return pageOf(rows, limit, (row) => ({ at: new Date(Number(row.closedAtMs)), id: row.lane }), summaryOf)
}

export async function epochDetail(
  { store }: Deps,
  { lane, epoch }: { lane: string; epoch: number },
): Promise<EpochDetail> {
  const [row] = await store.readings.epochsByKey([{ lane, epoch: BigInt(epoch) }])
  if (!row) throw new AppError('not_found', { publicMessage: 'This lane has closed no such epoch.' })
  const vouchers = await store.readings.vouchers(lane, row.epoch)
  const names = new Map<string, string>()
  for (const providerId of new Set(vouchers.map((voucher) => voucher.providerId))) {
    const provider = await store.providers.byId(providerId)
    if (provider) names.set(providerId, provider.name)
  }
  const laneUrl = await store.readings.laneUrl(lane)
  return {
    ...summaryOf(row),
    dataHash: row.dataHash,
    fromSeq: Number(row.fromSeq),
    toSeq: Number(row.toSeq),
    anchor: anchorFields(row.anchor),
    anchorSignature: row.anchorSignature,
    fileUrl: laneUrl && `${laneUrl.replace(/\/$/, '')}/v1/epochs/${row.epoch}/file`,
    corrections: await store.recounts.correctedIn(lane, row.fromSeq, row.toSeq),
    records: await recordsOfEpoch({ store }, row),
    vouchers: vouchers.map((voucher) => ({
      channelId: voucher.channelId,
      providerId: voucher.providerId,
      providerName: names.get(voucher.providerId) ?? null,
      cumulativeMicroUsd: voucher.cumulativeMicroUsd,
      paidMicroUsd: voucher.paidMicroUsd,
      skippedReason: voucher.skippedReason,
      claimedTx: voucher.claimedTx,
    })),
  }
}

/** Receipts of a closed epoch by their numbers. The cursor is the number of the last. */
export async function epochReceipts(
  { store }: Deps,
  input: { lane: string; epoch: number; after?: number | undefined; limit?: number | undefined },
): Promise<Page<ReceiptListItem>> {
  const limit = limitOf(input.limit)
  const rows = await store.evidence.receiptsOfEpoch({
    lane: input.lane,
    epoch: BigInt(input.epoch),
    afterSeq: BigInt(input.after ?? 0),
    limit: limit + 1,
    channelId: null,
  })
  const shown = rows.slice(0, limit)
  const nodes = await nodeRefs(
    store.providers,
    shown.map(({ nodeId }) => nodeId),
  )
  const last = rows.length > limit ? shown.at(-1) : undefined
  return { items: shown.map((row) => receiptListItem(row, nodes)), nextCursor: last ? String(last.seq) : null }
}

function anchorFields(anchor: unknown): EpochDetail['anchor'] {
  return typeof anchor === 'object' && anchor !== null ? (anchor as EpochDetail['anchor']) : {}
}

function summaryOf(row: EpochRow): EpochSummary {
  return {
    lane: row.lane,
    epoch: Number(row.epoch),
    status: row.status,
    root: row.root,
    count: Number(row.count),
    receipts: Number(row.toSeq - row.fromSeq) + 1,
    sumMicroUsd: row.sumMicroUsd,
    closedAtMs: Number(row.closedAtMs),
    anchoredTx: row.anchoredTx,
    claimedTx: row.claimedTx,
    settledTx: row.settledTx,
    payableAtMs: row.payableAtS === null ? null : Number(row.payableAtS) * 1000,
  }
}
