/**
 * What the receipts of an epoch are, from which anybody can evaluate a node's record again: read here, evaluated by whoever shows
 * it. Whether they are all of the epoch is said with them, by the root that the chain holds.
 */
import { toAppError } from '@isochrone/domain'
import type { Hex, StructJson } from '@isochrone/protocol'
import { epochTree } from '../queries/epoch-tree.ts'
import { termsViews } from '../queries/terms-views.ts'
import { witnessRtts } from '../queries/witness-rtts.ts'
import { deskOf, type DisputeDeps } from './place-order.ts'
import type { RecordEvidenceView, WitnessedPath } from './views.ts'
import type { RecordKey } from './record-key.ts'

/** One more than is evaluated for a page: a larger epoch is recomputed from its public file. */
const RECEIPTS_READ = 2_001
/** The last moment that a date can name: a gateway may sign a later one. */
const DATE_MS_MAX = 8.64e15

/** @param readsLeases false for parties: leases of others are not theirs to see here. */
export async function recordEvidence(
  deps: DisputeDeps,
  { lane, epoch, nodeId }: RecordKey,
  { readsLeases }: { readsLeases: boolean },
): Promise<RecordEvidenceView> {
  const { store } = deps
  const attempts = await store.disputes.receiptsOfNode(lane, BigInt(epoch), nodeId, RECEIPTS_READ)
  const leases = await store.disputes.leaseReceiptsOfNode(lane, BigInt(epoch), nodeId, RECEIPTS_READ)
  const deliveries = attempts.map(({ delivery }) => delivery)
  const hashes = [...deliveries, ...leases].map(({ termsHash }) => String(termsHash))
  const terms = [...(await termsViews(store, hashes)).values()]
  const hidden = leases.length > 0 && !readsLeases ? 'spans of leases count too, which their parties alone see.' : null
  return {
    deliveries,
    works: attempts.flatMap(({ work }) => (work === null ? [] : [work])),
    leases: readsLeases ? leases : [],
    terms: Object.fromEntries(terms.flatMap(({ hash, values }) => (values ? [[hash, values] as const] : []))),
    missing: hidden ?? (await whatIsMissing(deps, lane, epoch)),
  }
}

/** Null where the receipts that are stored here give the root that is anchored on the chain. */
async function whatIsMissing(deps: DisputeDeps, lane: string, epoch: number): Promise<string | null> {
  const [row] = await deps.store.readings.epochsByKey([{ lane, epoch: BigInt(epoch) }])
  if (!row) return 'the epoch is not known here.'
  const anchor = await anchorOf(deps, lane, epoch)
  if (anchor === 'unknown') return 'the chain does not answer, so what is anchored is not known.'
  if (!anchor) return 'the epoch is not anchored on the chain.'
  if (anchor.root.toLowerCase() !== row.root.toLowerCase()) return 'the chain holds another root than is known here.'
  const built = await epochTree(deps.store.evidence, row)
  return built.tree === null ? built.missing : null
}

/** A case is shown all the same while the chain is away. */
async function anchorOf(deps: DisputeDeps, lane: string, epoch: number) {
  try {
    return await deskOf(deps).anchoredAtS(lane as Hex, epoch)
  } catch (error) {
    if (toAppError(error).code === 'chain_unavailable') return 'unknown'
    throw error
  }
}

/** When the node worked in it, first to last, by the gateway's clock; null without any receipt. */
export function spanOf({ deliveries, leases }: Pick<RecordEvidenceView, 'deliveries' | 'leases'>) {
  const spans = [
    ...deliveries.map((json) => ({ fromMs: numberIn(json, 'startedAtMs'), forMs: numberIn(json, 'durationMs') })),
    ...leases.map((json) => ({
      fromMs: numberIn(json, 'fromMs'),
      forMs: numberIn(json, 'toMs') - numberIn(json, 'fromMs'),
    })),
  ]
  if (spans.length === 0) return null
  const fromMs = spans.reduce((least, span) => Math.min(least, span.fromMs), Infinity)
  const toMs = spans.reduce((most, span) => Math.max(most, span.fromMs + span.forMs), 0)
  return { fromMs, toMs }
}

const numberIn = (json: StructJson, field: string): number => Number(json[field] ?? 0)

/** What witnesses measured of the way to a node: last before the first of these times, first after it, and so on. */
export async function pathsAround(
  { store }: Pick<DisputeDeps, 'store'>,
  nodeId: string,
  timesMs: readonly number[],
): Promise<WitnessedPath[]> {
  const paths = new Map<number, WitnessedPath>()
  for (const timeMs of timesMs) {
    for (const check of await store.offers.regionChecksAround(nodeId, new Date(Math.min(timeMs, DATE_MS_MAX)))) {
      const { checkedAt, verdict, finding, inputs } = check
      const rtts = witnessRtts((inputs as { reports?: unknown } | null)?.reports)
      paths.set(checkedAt.getTime(), { atMs: checkedAt.getTime(), verdict, finding, rtts })
    }
  }
  return [...paths.values()].toSorted((a, b) => a.atMs - b.atMs)
}
