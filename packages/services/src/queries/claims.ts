/** What each epoch brings a provider: earned, claimed, released, frozen, paid, and why the rest is pending. */
import type { RecordStatus } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { RecordRow } from '../ports/evidence-readings.ts'
import type { EpochRow } from '../ports/rows.ts'
import { claimStanding } from './claim-standing.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import { claimedBy, isPaidOut, newestOnly, payableAtMs, payoutView, recordSummary } from './records.ts'
import type { Page } from './views/common.ts'
import type { EpochClaims } from './views/records.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>

/** Newest epochs first; with `status` only those in which a record has it. */
export async function claimsOfProvider(
  { store, clock }: Deps,
  input: {
    providerId: string
    cursor?: string | undefined
    limit?: number | undefined
    status?: RecordStatus | undefined
  },
): Promise<Page<EpochClaims>> {
  const { providerId } = input
  const limit = limitOf(input.limit)
  const before = decodeCursor(input.cursor)
  const epochs = await store.evidence.epochsOfProvider({
    providerId,
    limit: limit + 1,
    before: before && { closedAtMs: BigInt(before.at.getTime()), lane: before.id },
    recordStatus: input.status ?? null,
  })
  const keys = epochs.map(({ lane, epoch }) => ({ lane, epoch }))
  const records = newestOnly(await store.evidence.recordsOfProvider(providerId, keys))
  const vouchers = await store.evidence.vouchersOfProvider(providerId, keys)
  const payouts = await store.evidence.payoutsOfEpochs(providerId, keys)
  const leased = await store.evidence.leaseReceiptCounts(providerId, keys)
  const nodes = await nodeRefs(
    store.providers,
    records.map(({ nodeId }) => nodeId),
  )
  const nowMs = clock.nowMs()
  const viewOf = (epoch: EpochRow): EpochClaims => {
    const here = (row: { lane: string; epoch: bigint }) => row.lane === epoch.lane && row.epoch === epoch.epoch
    const own = records.filter(here)
    const claims = vouchers.filter(here)
    const paid = payouts.filter(here)
    const claimedMicroUsd = claimedBy(epoch, claims)
    const paidOut = isPaidOut(own, claimedMicroUsd, paid)
    return {
      lane: epoch.lane,
      epoch: Number(epoch.epoch),
      epochStatus: epoch.status,
      closedAtMs: Number(epoch.closedAtMs),
      anchoredTx: epoch.anchoredTx,
      claimedTx: epoch.claimedTx,
      payableAtMs: payableAtMs(epoch),
      earnedMicroUsd: sumOf(own),
      claimedMicroUsd,
      skippedReasons: [...new Set(claims.flatMap(({ skippedReason }) => (skippedReason ? [skippedReason] : [])))],
      releasedMicroUsd: sumOf(own.filter(({ status }) => status === 'final')),
      frozenMicroUsd: paidOut ? 0n : sumOf(own.filter(({ status }) => status === 'invalid')),
      payouts: paid.map(payoutView),
      leaseReceipts: leased.find(here)?.count ?? 0,
      records: own.map((row) => {
        const summary = recordSummary(row, nodes)
        const standing = claimStanding({
          epochStatus: epoch.status,
          record: summary,
          claimedMicroUsd,
          paidOut,
          payableAtMs: payableAtMs(epoch),
          nowMs,
        })
        return Object.assign(summary, { standing })
      }),
    }
  }
  return pageOf(epochs, limit, (row) => ({ at: new Date(Number(row.closedAtMs)), id: row.lane }), viewOf)
}

function sumOf(rows: readonly RecordRow[]): bigint {
  return rows.reduce((sum, { earnedMicroUsd }) => sum + earnedMicroUsd, 0n)
}
