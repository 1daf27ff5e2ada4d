/** Why a request found no place, and when it may find one. */
import { contextNeeded, rejectionReasons, type PlacementRequest, type RejectionReason } from '../placement.ts'
import * as col from '../pool/columns.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import type { Tuning } from './constants.ts'
import { countExcluded } from './count-excluded.ts'
import { admitShare, codeOf, reasonOf } from './predict.ts'
import type { DecisionScratch } from './scratch.ts'

const OVER_PRICE_CAP = codeOf('over_price_cap')
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
    compiled.reason = excludingMost(pool, compiled, request)
    compiled.reasonVersion = pool.index.version
  }
  return compiled.reason
}

/** Of a replica that no attribute and no context excludes, the price does. */
function excludingMost(pool: ReplicaPool, compiled: CompiledPolicy, request: PlacementRequest): RejectionReason | null {
  const counts = countExcluded(pool, compiled, request, contextNeeded(request))
  counts[OVER_PRICE_CAP] = (counts[OVER_PRICE_CAP] as number) + (counts[0] as number)
  let most = 0
  counts[0] = 0
  // In the order of the table, not of arrival: of equally common reasons the hardest is named.
  for (let code = 1; code < counts.length; code++) {
    if ((counts[code] as number) > (counts[most] as number)) most = code
  }
  return reasonOf(most)
}

/**
 * The soonest time at which a sampled replica is predicted to be usable, ms: its breaker's, the drain of its prompts, or
 * the next end of a stream, for the request as it would come again. Where nothing but constraints that no waiting mends was
 * sampled, `retryAfterMsUnknown`.
 */
export function retryAfterOf(s: DecisionScratch, t: Tuning): number {
  let soonest = Number.POSITIVE_INFINITY
  for (let i = 0; i < s.n; i++) soonest = Math.min(soonest, waitOf(s, i, t))
  if (soonest === Number.POSITIVE_INFINITY) return t.retryAfterMsUnknown
  // Up: who comes back a fraction of a millisecond early finds what there was before.
  return Math.ceil(Math.min(t.retryAfterMsMax, Math.max(t.retryAfterMsMin, soonest)))
}

const NEAREST = 3
const FULL = codeOf('full')
const NO_SLACK = codeOf('no_slack')

/** Slots that would serve with more room or time, by when their first token is expected. */
export function nearestOf(s: DecisionScratch): readonly number[] {
  const rows: number[] = []
  const ttftMs = (i: number): number => s.ttftMs[i] as number
  for (let i = 0; i < s.n; i++) {
    if (s.reason[i] !== FULL && s.reason[i] !== NO_SLACK) continue
    let at = rows.length
    while (at > 0 && ttftMs(rows[at - 1] as number) > ttftMs(i)) at--
    if (at === NEAREST) continue
    rows.splice(at, 0, i)
    if (rows.length > NEAREST) rows.pop()
  }
  return rows.map((i) => s.slots[i] as number)
}

/** Sent nowhere yet. */
const COMES_AGAIN = { excludeNodeIds: [] }

/** ms; infinite where no waiting mends it. */
function waitOf(s: DecisionScratch, i: number, t: Tuning): number {
  const { request } = s
  if (!request) return Number.POSITIVE_INFINITY
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
      // Who comes again has all of its time to the first token before it.
      const sloMs = request.policy.ttftSloMs + (request.sloWaitedMs ?? 0)
      const overMs = Math.max(0, (s.ttftMs[i] as number) - sloMs)
      // Prompts drain as time goes by; a wait for a place gets shorter only when a stream ends.
      const isQueued = s.value(i, col.ACTIVE) + 1 > s.value(i, col.STREAMS_MAX)
      const drainMs = isQueued ? Math.ceil(overMs / Math.max(1, endMs)) * endMs : overMs
      // TPOT is linear in the streams: as many have to end as bring it back to where who comes again is let in.
      const perStream = tpot / (streams + 1)
      const tpotSloMs = admitShare(COMES_AGAIN, streams, t) * request.policy.tpotSloMs
      const over = Math.max(0, tpot - tpotSloMs) / Math.max(1e-9, perStream)
      return Math.max(drainMs, Math.ceil(over) * endMs)
    }
    case 'draining':
    case 'stale':
      return t.staleAfterMs
    default:
      return Number.POSITIVE_INFINITY
  }
}
