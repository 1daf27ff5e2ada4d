/** Performance records: of an epoch, one with all its evidence, and what they release of a provider's claims. */
import { AppError } from '@isochrone/domain'
import { decodeStruct } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { CountsRow, RecordRow } from '../ports/evidence-readings.ts'
import type { EpochRow, PayoutRow } from '../ports/rows.ts'
import { promisesAnything, termsOfStored } from '../providers/terms.ts'
import { claimStanding } from './claim-standing.ts'
import { nodeRefs } from './node-refs.ts'
import { termsViews } from './terms-views.ts'
import type {
  BrokenPromise,
  BrokenPromiseView,
  CountsView,
  PayoutOfEpoch,
  RecordDetail,
  RecordSummary,
} from './views/records.ts'
import type { TermsView } from './views/requests.ts'
import type { NodeRef } from './views/node-ref.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>

/** The newest version of each node's record, by node. */
export async function recordsOfEpoch(
  { store }: Pick<Deps, 'store'>,
  { lane, epoch }: { lane: string; epoch: bigint },
): Promise<RecordSummary[]> {
  const rows = newestOnly(await store.evidence.recordsOfEpoch(lane, epoch))
  const nodes = await nodeRefs(
    store.providers,
    rows.map(({ nodeId }) => nodeId),
  )
  return rows.map((row) => recordSummary(row, nodes))
}

export async function recordDetail(
  { store, clock }: Deps,
  key: { lane: string; epoch: number; nodeId: string },
): Promise<RecordDetail> {
  const place = { lane: key.lane, epoch: BigInt(key.epoch) }
  const [row, ...earlier] = await store.evidence.recordVersions({ ...place, nodeId: key.nodeId })
  const [epoch] = await store.readings.epochsByKey([place])
  if (!row || !epoch) throw new AppError('not_found', { publicMessage: 'This node has no record in this epoch.' })
  const nodes = await nodeRefs(store.providers, [row.nodeId])
  const counts = await store.evidence.countsOf({ ...place, nodeId: row.nodeId, version: row.version })
  const terms = await termsViews(
    store,
    counts.map(({ termsHash }) => termsHash),
  )
  const vouchers = await store.evidence.vouchersOfProvider(row.providerId, [place])
  const payouts = await store.evidence.payoutsOfEpochs(row.providerId, [place])
  const siblings = newestOnly(await store.evidence.recordsOfProvider(row.providerId, [place]))
  const claimedMicroUsd = claimedBy(epoch, vouchers)
  return {
    ...recordSummary(row, nodes),
    countsRoot: row.countsRoot,
    record: row.record as Record<string, string | number>,
    laneSignature: row.laneSignature,
    nodeSignature: row.nodeSignature,
    counts: counts.map((each) => countsView(each, terms)),
    earlier: earlier.map((each) => recordSummary(each, nodes)),
    epochStatus: epoch.status,
    anchoredTx: epoch.anchoredTx,
    claimedTx: epoch.claimedTx,
    payouts: payouts.map(payoutView),
    payableAtMs: payableAtMs(epoch),
    standing: claimStanding({
      epochStatus: epoch.status,
      record: { status: row.status, earnedMicroUsd: row.earnedMicroUsd, finalAtMs: ms(row.finalAtS) },
      claimedMicroUsd,
      paidOut: isPaidOut(siblings, claimedMicroUsd, payouts),
      payableAtMs: payableAtMs(epoch),
      nowMs: clock.nowMs(),
    }),
  }
}

const BROKEN_SHOWN = 20

/** What the provider's nodes broke of their promises, newest first: computed from signed counts, credited by the ledger. */
export async function brokenPromises(
  { store }: Pick<Deps, 'store'>,
  { providerId }: { providerId: string },
): Promise<BrokenPromiseView[]> {
  const nodeIds = (await store.providers.nodes(providerId)).map(({ nodeId }) => nodeId)
  const rows = await store.evidence.brokenCounts(nodeIds, BROKEN_SHOWN)
  const nodes = await nodeRefs(store.providers, nodeIds)
  return rows.map((row) => {
    const { samples, ttftOver } = decodeStruct('SlaCounts', row.counts)
    return {
      node: nodes.get(row.nodeId) ?? null,
      nodeId: row.nodeId,
      lane: row.lane,
      epoch: Number(row.epoch),
      channelId: row.channelId,
      promises: promisesOf(row.broken ?? 0),
      samples,
      ttftOver,
      creditMicroUsd: row.creditMicroUsd ?? 0n,
      countedTx: row.countedTx,
    }
  })
}

/** Σ paid on the vouchers of an epoch; null before they were claimed. */
export function claimedBy(
  epoch: Pick<EpochRow, 'status'>,
  vouchers: readonly { paidMicroUsd: bigint | null }[],
): bigint | null {
  if (epoch.status === 'closed' || epoch.status === 'anchored') return null
  return vouchers.reduce((sum, { paidMicroUsd }) => sum + (paidMicroUsd ?? 0n), 0n)
}

/** Whether what was paid covers all that was claimed, or all that final records released. */
export function isPaidOut(
  records: readonly Pick<RecordRow, 'status' | 'earnedMicroUsd'>[],
  claimedMicroUsd: bigint | null,
  payouts: readonly Pick<PayoutRow, 'grossMicroUsd'>[],
): boolean {
  if (payouts.length === 0) return false
  const gross = payouts.reduce((sum, { grossMicroUsd }) => sum + grossMicroUsd, 0n)
  const released = records.reduce((sum, row) => sum + (row.status === 'final' ? row.earnedMicroUsd : 0n), 0n)
  const allFinal = records.every(({ status }) => status === 'final')
  return gross >= (claimedMicroUsd ?? 0n) || (allFinal && gross >= released)
}

/** Rows come newest version first within a node. */
export function newestOnly(rows: readonly RecordRow[]): RecordRow[] {
  const seen = new Set<string>()
  return rows.filter(({ nodeId, lane, epoch }) => {
    const key = `${lane}/${epoch}/${nodeId}`
    return !seen.has(key) && seen.add(key) !== undefined
  })
}

export function recordSummary(row: RecordRow, nodes: ReadonlyMap<string, NodeRef>): RecordSummary {
  const node = nodes.get(row.nodeId) ?? null
  return {
    nodeId: row.nodeId,
    node,
    lane: row.lane,
    epoch: Number(row.epoch),
    version: row.version,
    status: row.status,
    providerId: row.providerId,
    providerName: node?.providerName ?? null,
    earnedMicroUsd: row.earnedMicroUsd,
    attempts: row.attempts,
    faults: row.faults,
    nodeSigned: row.nodeSignature !== null,
    nodeReason: row.nodeReason,
    finalAtMs: ms(row.finalAtS),
    reportedTx: row.reportedTx,
    finalTx: row.finalTx,
    challengedTx: row.challengedTx,
    challengerReason: row.challengerReason,
  }
}

export function payoutView({ txHash, grossMicroUsd, feeMicroUsd, netMicroUsd, atMs }: PayoutRow): PayoutOfEpoch {
  return { txHash, grossMicroUsd, feeMicroUsd, netMicroUsd, atMs: Number(atMs) }
}

export function payableAtMs({ payableAtS }: Pick<EpochRow, 'payableAtS'>): number | null {
  return ms(payableAtS)
}

const promiseBits: readonly [bit: number, promise: BrokenPromise][] = [
  [1, 'availability'],
  [2, 'ttft'],
  [4, 'tpot'],
]

function countsView(row: CountsRow, terms: ReadonlyMap<string, TermsView>): CountsView {
  const counts = decodeStruct('SlaCounts', row.counts)
  const { samples, faults, ttftSamples, ttftOver, tpotSamples, tpotOver } = counts
  const { broken } = row
  const known = terms.get(row.termsHash) ?? null
  const signed = known && termsOfStored(known)
  return {
    channelId: row.channelId,
    fields: row.counts as Record<string, string | number>,
    terms: known,
    termsHash: row.termsHash,
    samples,
    faults,
    ttftSamples,
    ttftOver,
    tpotSamples,
    tpotOver,
    spentMicroUsd: counts.spent,
    isPromised: signed !== null && promisesAnything(signed),
    countedTx: row.countedTx,
    broken: broken === null ? null : promisesOf(broken),
    creditMicroUsd: row.creditMicroUsd,
  }
}

export const promisesOf = (broken: number): BrokenPromise[] =>
  promiseBits.filter(([bit]) => (broken & bit) !== 0).map(([, promise]) => promise)

function ms(seconds: bigint | null): number | null {
  return seconds === null ? null : Number(seconds) * 1_000
}
