/**
 * Placement: choose the replica that will serve one request, and up to two alternates.
 *
 * Pure and synchronous: the caller supplies the snapshot, the PRNG and the time, so that a record replays the decision
 * exactly. Every replica that was looked at and not chosen has a score or a reason.
 */
import { invariant, type Prng } from '@isochrone/domain'
import { rejectionOf } from './reject.ts'
import { sampleReplicas } from './sample.ts'
import { scoreOf } from './score.ts'
import type {
  CandidateRow,
  FleetSnapshot,
  Placement,
  PlacementRecord,
  PlacementRequest,
  RejectionReason,
  ReplicaView,
} from './types.ts'

/** Changes whenever the same inputs may give another choice. */
export const ENGINE_VERSION = '0.2.0'

/** One decision in a hundred tries a random admissible replica, so that estimates never go blind. */
const EXPLORATION_RATE = 0.01
/** Scores closer than this share of the best are equal: the estimates are no better, and equal offers share equally. */
const TIE_BAND = 0.05
const ALTERNATES_MAX = 2
const RETRY_AFTER_S = { min: 1, max: 30 }

export function decide(snapshot: FleetSnapshot, request: PlacementRequest, rng: Prng, nowMs: number): Placement {
  invariant(request.tokensOutMax > 0, 'the API refuses an empty completion')
  const prngState = rng.state()
  const pool = snapshot.replicas.filter((replica) => replica.model === request.model)
  const sampled = sampleReplicas(pool, rng)
  const rejected: PlacementRecord['rejected'] = []
  const scored: { replica: ReplicaView; row: CandidateRow }[] = []
  for (const replica of sampled) {
    const reason = rejectionOf(replica, request, nowMs)
    if (reason) rejected.push({ nodeId: replica.nodeId, reason })
    else scored.push({ replica, row: rowOf(replica, request) })
  }
  scored.sort((a, b) => a.row.score - b.row.score)
  const { index, explored } = pick(
    scored.map(({ row }) => row.score),
    rng,
  )
  const chosen = scored[index]
  const alternates = chosen
    ? alternatesOf(
        chosen.replica,
        scored.map(({ replica }) => replica),
      )
    : []
  const record: PlacementRecord = {
    engineVersion: ENGINE_VERSION,
    prngState,
    nowMs,
    request,
    sampled,
    candidates: scored.map(({ row }) => row),
    rejected,
    poolSize: pool.length,
    explored,
    choice: chosen?.replica.nodeId ?? null,
    alternates: alternates.map(({ nodeId }) => nodeId),
  }
  if (chosen) return { kind: 'placed', replica: chosen.replica, alternates, record }
  return { kind: 'none', reason: commonest(rejected), retryAfterS: retryAfterS(sampled), record }
}

function rowOf(replica: ReplicaView, request: PlacementRequest): CandidateRow {
  const { score, terms, ttftMs, tpotMs } = scoreOf(replica, request)
  const { nodeId, failureDomain, activeStreams } = replica
  return { nodeId, failureDomain, score, terms, ttftMs, tpotMs, activeStreams }
}

/** Scores ascend. Draws always happen in the same number, so that a replay meets the same stream. */
function pick(scores: readonly number[], rng: Prng): { index: number; explored: boolean } {
  const exploreDraw = rng.unit()
  const pickDraw = rng.unit()
  const best = scores[0]
  if (best === undefined) return { index: -1, explored: false }
  if (exploreDraw < EXPLORATION_RATE && scores.length > 1) {
    return { index: Math.floor(pickDraw * scores.length), explored: true }
  }
  const tied = scores.filter((score) => score <= best + Math.abs(best) * TIE_BAND).length
  return { index: Math.floor(pickDraw * tied), explored: false }
}

/** Best first, each from a failure domain that is not yet used; where there is no other domain, there is no alternate in it. */
function alternatesOf(chosen: ReplicaView, ranked: readonly ReplicaView[]): ReplicaView[] {
  const domains = new Set([chosen.failureDomain])
  const alternates: ReplicaView[] = []
  for (const replica of ranked) {
    if (alternates.length === ALTERNATES_MAX) break
    if (domains.has(replica.failureDomain)) continue
    domains.add(replica.failureDomain)
    alternates.push(replica)
  }
  return alternates
}

function commonest(rejected: PlacementRecord['rejected']): RejectionReason | 'no_replica' {
  const counts = new Map<RejectionReason, number>()
  for (const { reason } of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 'no_replica'
}

/** When a stream is likely to end on the least loaded replica, whole seconds. */
function retryAfterS(sampled: readonly ReplicaView[]): number {
  const waits = sampled
    .map((replica) => replica.estimate.attemptMs / replica.concurrencyMax / 1_000)
    .filter(Number.isFinite)
  const soonest = waits.length > 0 ? Math.min(...waits) : RETRY_AFTER_S.min
  return Math.min(RETRY_AFTER_S.max, Math.max(RETRY_AFTER_S.min, Math.ceil(soonest)))
}
