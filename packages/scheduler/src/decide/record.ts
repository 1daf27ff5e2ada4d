/** A decision as plain JSON: everything that a person needs to understand it and a machine to run it again. */
import {
  contextNeeded,
  rejectionReasons,
  type CandidateRow,
  type PlacementRecord,
  type PlacementRequest,
  type SampledReplica,
} from '../placement.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import * as col from '../pool/columns.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import type { ReplicaOffer } from '../offer.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { termsOf } from './choose.ts'
import { countIneligible } from './count-excluded.ts'
import { reasonOf } from './predict.ts'
import type { DecisionScratch } from './scratch.ts'
import { invariant } from '@isochrone/domain'

/** Changes whenever the same inputs may give another choice. */
export const ENGINE_VERSION = '1.9.0'
/** Pools up to this size say of every replica why it was not eligible; larger ones how many were not, by reason. */
const SMALL_POOL = 64

export function recordOf(pool: ReplicaPool, reason: PlacementRecord['reason'], retryAfterMs: number): PlacementRecord {
  const { scratch: s } = pool
  const { request, compiled } = s
  invariant(request && compiled, 'a decision was made')
  compiled.refresh(pool.index)
  const offers = Array.from({ length: s.n }, (_, i) => pool.offerAt(s.slots[i] as number))
  const outcome = outcomeOf(s, offers)
  return {
    engineVersion: ENGINE_VERSION,
    prngState: [...s.prngState] as [number, number, number, number],
    nowMs: s.nowMs,
    request,
    poolSize: pool.size,
    eligible: compiled.eligible,
    sampled: offers.map((offer, i) => sampledOf(s, i, offer)),
    ...outcome,
    ...(pool.size <= SMALL_POOL
      ? { rejected: [...outcome.rejected, ...notEligible(pool)] }
      : { excludedBy: excludedBy(pool, compiled, request) }),
    explored: s.explored,
    reason,
    retryAfterMs,
    ...(Object.keys(pool.tuningOverrides).length > 0 && { tuning: pool.tuningOverrides }),
  }
}

/** What `choose` found, by node id. `offers` are those of the sample. */
export function outcomeOf(
  s: DecisionScratch,
  offers: readonly ReplicaOffer[],
): Pick<PlacementRecord, 'candidates' | 'rejected' | 'choice' | 'alternates'> {
  const nodeIdOf = (i: number): string => offers[i]?.nodeId ?? ''
  const candidates: CandidateRow[] = []
  const rejected: PlacementRecord['rejected'] = []
  for (let i = 0; i < s.n; i++) {
    const rejection = reasonOf(s.reason[i] as number)
    if (rejection) rejected.push({ nodeId: nodeIdOf(i), reason: rejection })
    else candidates.push(candidateOf(s, i, offers[i] as ReplicaOffer))
  }
  candidates.sort((a, b) => a.score - b.score)
  const alternates = [s.alternate1, s.alternate2].filter((i) => i >= 0).map(nodeIdOf)
  return { candidates, rejected, choice: s.chosen < 0 ? null : nodeIdOf(s.chosen), alternates }
}

function candidateOf(s: DecisionScratch, i: number, offer: ReplicaOffer): CandidateRow {
  return {
    nodeId: offer.nodeId,
    failureDomain: offer.failureDomain,
    score: s.score[i] as number,
    terms: termsOf(s, i),
    ttftMs: s.ttftMs[i] as number,
    tpotMs: s.tpotMs[i] as number,
    activeStreams: s.active[i] as number,
    tokensCached: s.cached[i] as number,
  }
}

function sampledOf(s: DecisionScratch, i: number, offer: ReplicaOffer): SampledReplica {
  const value = (column: number): number => s.value(i, column)
  const orNull = (number: number): number | null => (Number.isNaN(number) ? null : number)
  return {
    offer,
    activeStreams: value(col.ACTIVE),
    prefillTokens: value(col.PREFILL_TOKENS),
    contextTokens: value(col.CONTEXT),
    streamsMax: value(col.STREAMS_MAX),
    rttMs: orNull(value(col.RTT)),
    stateAgeMs: orNull(s.age(i)),
    draining: value(col.DRAINING) !== 0,
    breakerOpenUntilMs: value(col.BREAKER_UNTIL),
    tokensCached: s.cached[i] as number,
    failureRate: value(col.FAILURE_RATE),
    observations: value(col.OBSERVATIONS),
    estimate: {
      baseMs: value(col.BASE),
      prefillMsPerToken: value(col.PREFILL_MS),
      tpotBaseMs: value(col.TPOT_A),
      tpotPerStreamMs: value(col.TPOT_B),
      tpotPerStreamTokenMs: value(col.TPOT_G),
    },
  }
}

function excludedBy(
  pool: ReplicaPool,
  compiled: CompiledPolicy,
  request: PlacementRequest,
): NonNullable<PlacementRecord['excludedBy']> {
  const counts = countIneligible(pool, compiled, request)
  const found: NonNullable<PlacementRecord['excludedBy']> = {}
  for (const [i, reason] of rejectionReasons.entries()) {
    // What the attributes and the context let in and is not eligible all the same, a price cap excludes.
    const priced = reason === 'over_price_cap' ? (counts[0] as number) - compiled.eligible : 0
    const count = (counts[i + 1] as number) + priced
    if (count > 0) found[reason] = count
  }
  return found
}

/** Replicas that the fixed constraints exclude, hardest reason first. */
function notEligible(pool: ReplicaPool): PlacementRecord['rejected'] {
  const { request, slots, n } = pool.scratch
  if (!request) return []
  const seen = new Set(slots.subarray(0, n))
  const rejected: PlacementRecord['rejected'] = []
  for (const slot of pool.slots()) {
    if (seen.has(slot)) continue
    const offer = pool.offerAt(slot)
    const otherBuild = request.modelHash !== null && request.modelHash !== offer.modelHash
    const reason = otherBuild ? rejectionReasons[0] : staticRejection(offer, request.policy)
    const needed = contextNeeded(request)
    const { maxPrice } = request.policy
    if (reason) rejected.push({ nodeId: offer.nodeId, reason })
    else if (needed > offer.contextTokensMax) rejected.push({ nodeId: offer.nodeId, reason: 'context_too_long' })
    else if (
      offer.prices.inPerMtok > (maxPrice.inPerMtok ?? Number.POSITIVE_INFINITY) ||
      offer.prices.outPerMtok > (maxPrice.outPerMtok ?? Number.POSITIVE_INFINITY)
    ) {
      rejected.push({ nodeId: offer.nodeId, reason: 'over_price_cap' })
    }
  }
  return rejected
}
