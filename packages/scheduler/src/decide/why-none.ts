/** Why a request found no place, and when it may find one. */
import { rejectionReasons, type PlacementRequest, type RejectionReason } from '../placement.ts'
import * as col from '../pool/columns.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import type { Tuning } from './constants.ts'
import { reasonOf } from './predict.ts'
import type { DecisionScratch } from './scratch.ts'

const reasonCounts = new Uint16Array(rejectionReasons.length + 1)

/** The commonest reason in the sample; null when nothing was sampled. */
export function commonestReason(s: DecisionScratch): RejectionReason | null {
  const counts = reasonCounts.fill(0)
  let most = 0
  for (let i = 0; i < s.n; i++) {
    const code = s.reason[i] as number
    if (code === 0) continue
    counts[code] = (counts[code] as number) + 1
    if (most === 0 || counts[code] > (counts[most] as number)) most = code
  }
  return reasonOf(most)
}

/** When the fixed constraints leave nothing: the one that excludes most replicas. Remembered until offers change. */
export function staticReasonOf(pool: ReplicaPool, compiled: CompiledPolicy): RejectionReason | null {
  const { request } = pool.scratch
  if (!request) return null
  if (compiled.reasonVersion !== pool.index.version) {
    compiled.reason = excludingMost(pool, request)
    compiled.reasonVersion = pool.index.version
  }
  return compiled.reason
}

/** Cells stand for their members. */
function excludingMost(pool: ReplicaPool, request: PlacementRequest): RejectionReason | null {
  const { policy } = request
  const needed = request.tokensIn + request.tokensOutMax
  const counts = new Map<RejectionReason, number>()
  for (const cell of pool.index.cells()) {
    const count = cell.bucket.counts[cell.place] as number
    if (count === 0) continue
    const kind = cell.class
    const otherBuild = request.modelHash !== null && request.modelHash !== kind.modelHash
    const reason =
      (otherBuild ? 'other_build' : staticRejection(kind, policy)) ??
      (2 ** (kind.contextClass + 1) <= needed ? 'context_too_long' : 'over_price_cap')
    counts.set(reason, (counts.get(reason) ?? 0) + count)
  }
  let most: RejectionReason | null = null
  // In the order of the table, not of arrival: of equally common reasons the hardest is named.
  for (const reason of rejectionReasons) {
    const count = counts.get(reason) ?? 0
    if (count > 0 && (most === null || count > (counts.get(most) ?? 0))) most = reason
  }
  return most
}

/**
 * The soonest time at which a sampled replica is predicted to be usable, ms: its breaker's, the drain of its prompts, or
 * the next end of a stream. Constraints that no waiting mends give the longest time.
 */
export function retryAfterOf(s: DecisionScratch, t: Tuning): number {
  let soonest = t.retryAfterMsMax
  for (let i = 0; i < s.n; i++) soonest = Math.min(soonest, waitOf(s, i, t))
  return Math.round(Math.max(t.retryAfterMsMin, soonest))
}

function waitOf(s: DecisionScratch, i: number, t: Tuning): number {
  const { request } = s
  if (!request) return t.retryAfterMsMax
  const streams = Math.max(1, Math.min(s.value(i, col.ACTIVE), s.value(i, col.STREAMS_MAX)))
  const tpot = s.tpotMs[i] as number
  /** Mean time between ends of streams. */
  const endMs = (tpot * Math.max(1, request.tokensOutExpected)) / streams
  switch (reasonOf(s.reason[i] as number)) {
    case 'breaker_open':
      return Math.max(0, s.value(i, col.BREAKER_UNTIL) - s.nowMs)
    case 'full':
      return endMs
    case 'no_slack': {
      const drainMs = Math.max(0, (s.ttftMs[i] as number) - request.policy.ttftSloMs)
      // TPOT is linear in the streams: as many have to end as bring it back to the SLO.
      const perStream = tpot / (streams + 1)
      const over = Math.max(0, tpot - request.policy.tpotSloMs) / Math.max(1e-9, perStream)
      return Math.max(drainMs, Math.ceil(over) * endMs)
    }
    case 'draining':
    case 'stale':
      return t.staleAfterMs
    default:
      return t.retryAfterMsMax
  }
}
