/**
 * The second half of a decision from a record: the same code that chose from the pool's rows, on rows rebuilt from JSON.
 * Exact for a pool of any size, because a record holds the sample and the generator's state after sampling.
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRecord, PlacementRequest, RejectionReason, SampledReplica } from '../placement.ts'
import * as col from '../pool/columns.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import { priceOr, usableOr } from '../pool/usable.ts'
import { choose } from './choose.ts'
import { defaultTuning, type Tuning } from './constants.ts'
import { admit, codeOf, predict } from './predict.ts'
import { outcomeOf } from './record.ts'
import { DecisionScratch } from './scratch.ts'
import { commonestReason, retryAfterOf } from './why-none.ts'

export type SampleOutcome = Pick<
  PlacementRecord,
  'candidates' | 'rejected' | 'choice' | 'alternates' | 'explored' | 'reason' | 'retryAfterMs'
> & { ttftMs: number | null; tpotMs: number | null }

/** `tuning`: the record's overrides, if any. `reason` is that of the sample, null for an empty one. */
export function chooseFromSample(
  sampled: readonly SampledReplica[],
  request: PlacementRequest,
  rng: Prng,
  nowMs: number,
  tuning: Readonly<Partial<Tuning>> = {},
): SampleOutcome {
  const t: Tuning = { ...defaultTuning, ...tuning }
  const s = new DecisionScratch(t, Math.max(1, sampled.length))
  const ids = new Map<string, number>()
  const idOf = (text: string): number => ids.get(text) ?? (ids.set(text, ids.size), ids.size - 1)
  s.request = request
  s.nowMs = nowMs
  s.n = sampled.length
  for (const [i, replica] of sampled.entries()) {
    load(s, i, replica, idOf)
    const reason = fixedReason(replica, request)
    s.reason[i] = reason === null ? 0 : codeOf(reason)
  }
  predict(s, 0, request, nowMs, t)
  admit(s)
  choose(s, request, rng, t)
  const placed = s.chosen >= 0
  return {
    ...outcomeOf(
      s,
      sampled.map(({ offer }) => offer),
    ),
    explored: s.explored,
    reason: placed ? null : commonestReason(s),
    retryAfterMs: placed ? 0 : retryAfterOf(s, t),
    ttftMs: placed ? (s.ttftMs[s.chosen] as number) : null,
    tpotMs: placed ? (s.tpotMs[s.chosen] as number) : null,
  }
}

/** What the pool leaves out before it samples, and exclusion by id. */
function fixedReason({ offer }: SampledReplica, request: PlacementRequest): RejectionReason | null {
  const { policy } = request
  if (request.modelHash !== null && request.modelHash !== offer.modelHash) return 'other_build'
  const excluded = policy.exclude.includes(offer.nodeId) || policy.exclude.includes(offer.providerId)
  if (excluded || request.excludeNodeIds.includes(offer.nodeId)) return 'excluded'
  return staticRejection(offer, policy)
}

function load(s: DecisionScratch, i: number, replica: SampledReplica, idOf: (text: string) => number): void {
  const { offer, estimate } = replica
  const set = (column: number, value: number): void => void (s.rows[i * col.ROW + column] = value)
  set(col.P_IN, priceOr(offer.prices.inPerMtok))
  set(col.P_CACHED, priceOr(offer.prices.cachedPerMtok))
  set(col.P_OUT, priceOr(offer.prices.outPerMtok))
  set(col.P_IN_GB, priceOr(offer.prices.inPerGb))
  set(col.P_OUT_GB, priceOr(offer.prices.outPerGb))
  set(col.ACTIVE, replica.activeStreams)
  set(col.PREFILL_TOKENS, replica.prefillTokens)
  set(col.CONTEXT, replica.contextTokens)
  set(col.STREAMS_MAX, replica.streamsMax)
  set(col.RTT, replica.rttMs ?? Number.NaN)
  set(col.STATE, replica.stateAgeMs ?? Number.NaN)
  set(col.BREAKER_UNTIL, replica.breakerOpenUntilMs)
  set(col.FAILURE_RATE, replica.failureRate)
  set(col.OBSERVATIONS, replica.observations)
  set(col.BASE, estimate.baseMs)
  set(col.PREFILL_MS, estimate.prefillMsPerToken)
  set(col.TPOT_A, estimate.tpotBaseMs)
  set(col.TPOT_B, estimate.tpotPerStreamMs)
  set(col.TPOT_G, estimate.tpotPerStreamTokenMs)
  set(col.CONTEXT_MAX, usableOr(offer.contextTokensMax, 0))
  set(col.DRAINING, replica.draining ? 1 : 0)
  s.domain[i] = idOf(offer.failureDomain)
  s.cached[i] = replica.tokensCached
}
