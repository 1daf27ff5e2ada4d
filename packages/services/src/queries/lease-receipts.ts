/**
 * Lease receipts as their parties see them: the organisation that rents, the provider of the node, and staff. To anybody
 * else here they do not exist; the epoch file, which names hashes and keys alone, has them for everybody.
 */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { OwnedLeaseReceiptRow } from '../ports/evidence-readings.ts'
import { limitOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import { isIncluded, placeInEpoch } from './place-in-epoch.ts'
import { epochOf, epochsOf, stageOf } from './settlement.ts'
import { termsViews } from './terms-views.ts'
import type { Page } from './views/common.ts'
import type { LeaseReceiptDetail, LeaseReceiptListItem } from './views/leases.ts'

type Deps = Pick<ControlPlaneDeps, 'store'>

/** Who reads; all null and false for a visitor. */
export interface Reader {
  orgId: string | null
  providerId: string | null
  staff: boolean
}

export function mayRead(row: Pick<OwnedLeaseReceiptRow, 'orgId' | 'providerId'>, reader: Reader): boolean {
  const { orgId, providerId, staff } = reader
  return staff || (orgId !== null && orgId === row.orgId) || (providerId !== null && providerId === row.providerId)
}

/** The same for what is not there and for what is not the reader's. */
export function noReceipt(): AppError {
  return new AppError('not_found', {
    publicMessage:
      'No receipt of that number is shown here: the lane has signed none, or it is a lease’s, which its parties alone see.',
  })
}

export async function leaseReceiptView(
  { store }: Deps,
  row: OwnedLeaseReceiptRow,
  { orgId }: Pick<Reader, 'orgId'>,
): Promise<LeaseReceiptDetail> {
  const fields = row.receipt as LeaseReceiptDetail['fields']
  const termsHash = String(fields.termsHash)
  const epochs = await epochsOf(store.readings, [row])
  const epoch = epochOf(epochs, row)
  const place = epoch && (await placeInEpoch(store.evidence, 'LeaseReceipt', row.receipt, epoch))
  const isPayer = orgId !== null && orgId === row.orgId
  return {
    lane: row.lane,
    seq: Number(row.seq),
    hash: row.hash,
    leaseId: isPayer ? row.leaseId : null,
    isPayer,
    node: (await nodeRefs(store.providers, [row.nodeId])).get(row.nodeId) ?? null,
    nodeId: row.nodeId,
    providerId: row.providerId,
    channelId: row.channelId,
    fromMs: Number(row.fromMs),
    toMs: Number(row.toMs),
    gpuMs: Number(row.gpuMs),
    priceMicroUsd: row.priceMicroUsd,
    fields,
    laneSignature: row.laneSignature,
    nodeSignature: row.nodeSignature,
    settlement: stageOf(epochs, row),
    epoch: row.epoch === null ? null : Number(row.epoch),
    epochClosedAtMs: epoch && Number(epoch.closedAtMs),
    payableAtMs: epoch?.payableAtS ? Number(epoch.payableAtS) * 1_000 : null,
    anchoredTx: epoch?.anchoredTx ?? null,
    claimedTx: epoch?.claimedTx ?? null,
    settledTx: epoch?.settledTx ?? null,
    inclusion: place && place.inclusion,
    missing: place && whyMissing(place),
    terms: (await termsViews(store, [termsHash])).get(termsHash) ?? null,
  }
}

function whyMissing({ inclusion, missing }: Awaited<ReturnType<typeof placeInEpoch>>): string | null {
  return missing ?? (isIncluded(inclusion) ? null : 'This receipt is not in the Merkle root of its epoch.')
}

/** Those of a closed epoch that are for the reader to see, by their numbers. The cursor is the number of the last. */
export async function leaseReceiptsOfEpoch(
  { store }: Deps,
  input: { lane: string; epoch: number; reader: Reader; after?: number | undefined; limit?: number | undefined },
): Promise<Page<LeaseReceiptListItem>> {
  const { orgId, providerId, staff } = input.reader
  if (!staff && orgId === null && providerId === null) return { items: [], nextCursor: null }
  const limit = limitOf(input.limit)
  const rows = await store.evidence.leaseReceiptsOfEpoch({
    lane: input.lane,
    epoch: BigInt(input.epoch),
    afterSeq: BigInt(input.after ?? 0),
    limit: limit + 1,
    of: staff ? 'all' : { orgId, providerId },
  })
  const shown = rows.slice(0, limit)
  const nodes = await nodeRefs(
    store.providers,
    shown.map(({ nodeId }) => nodeId),
  )
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => ({
      seq: Number(row.seq),
      leaseId: orgId !== null && orgId === row.orgId ? row.leaseId : null,
      node: nodes.get(row.nodeId) ?? null,
      nodeId: row.nodeId,
      channelId: row.channelId,
      fromMs: Number(row.fromMs),
      toMs: Number(row.toMs),
      gpuMs: Number(row.gpuMs),
      priceMicroUsd: row.priceMicroUsd,
    })),
    nextCursor: last ? String(last.seq) : null,
  }
}
