/** What must hold of one decision, judged from outside the engine: from offers, requests and the pool's state. */
import type { NotPlaced, Placed } from '../decide/decide.ts'
import { hedgeTargetOf } from '../hedge/hedge-target.ts'
import type { ReplicaOffer } from '../offer.ts'
import type { PlacementRequest } from '../placement.ts'
import { OPEN, SLACK } from '../pool/columns.ts'
import { constraintRejection, replicaStateOf } from '../pool/replica-state.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'

type Fail = (what: string) => never

export function checkPlaced(
  pool: ReplicaPool,
  request: PlacementRequest,
  decision: Placed,
  nowMs: number,
  judge: Judge,
  fail: Fail,
): void {
  const { policy } = request
  const slots = [decision.slot, ...decision.alternates]
  for (const slot of slots) {
    const broken = judge(pool.offerAt(slot), request)
    if (broken) fail(`${slot === decision.slot ? 'choice' : 'alternate'} ${broken}`)
    const state = replicaStateOf(pool, slot)
    if (state.draining) fail('a draining replica')
    if (state.breakerOpenUntilMs > nowMs) fail('an open breaker')
  }
  const domains = slots.map((slot) => pool.offerAt(slot).failureDomain)
  if (new Set(domains).size !== domains.length) fail(`failure domains ${domains.join(', ')}`)
  if (!policy.allowFallbacks && decision.alternates.length > 0) fail('alternates without fallbacks')
  for (const value of [decision.ttftMs, decision.tpotMs, decision.priceMicroUsd]) {
    if (!(Number.isFinite(value) && value >= 0))
      fail(`ttft ${decision.ttftMs}, tpot ${decision.tpotMs}, price ${decision.priceMicroUsd}`)
  }
  if (policy.admission === 'slack' && (decision.ttftMs > policy.ttftSloMs || decision.tpotMs > policy.tpotSloMs)) {
    fail(`${decision.ttftMs} ms to the first token and ${decision.tpotMs} ms a token are outside the SLO`)
  }
}

/** Whether there is a hedge, which must keep every promise too. */
export function checkHedge(
  pool: ReplicaPool,
  request: PlacementRequest,
  { slot: chosen, alternates }: Placed,
  judge: Judge,
  fail: Fail,
): boolean {
  const hedge = hedgeTargetOf(chosen, alternates, {
    failureDomainOf: (slot) => pool.offerAt(slot).failureDomain,
    hasSlack: (slot) =>
      ((pool.flags[slot] ?? 0) & SLACK) !== 0 && constraintRejection(pool.offerAt(slot), request) === null,
  })
  if (hedge === null) return false
  const broken = judge(pool.offerAt(hedge), request)
  if (broken) fail(`hedge ${broken}`)
  return true
}

export function checkNone(
  pool: ReplicaPool,
  request: PlacementRequest,
  { reason, retryAfterMs }: NotPlaced,
  nowMs: number,
  judge: Judge,
  fail: Fail,
): void {
  if (!(retryAfterMs > 0 && Number.isFinite(retryAfterMs))) fail(`retry after ${retryAfterMs}`)
  const missed = missedBy(pool, request, nowMs, judge)
  if (missed) fail(`nothing placed (${reason}), though ${missed.nodeId} could serve`)
}

/** A replica that an answer "none" overlooked: inside all constraints, up and with a place. Only where load decides alone. */
function missedBy(pool: ReplicaPool, request: PlacementRequest, nowMs: number, judge: Judge): ReplicaOffer | null {
  if (request.policy.admission === 'slack') return null
  for (const slot of pool.slots()) {
    const offer = pool.offerAt(slot)
    const { draining, breakerOpenUntilMs, activeStreams, streamsMax } = replicaStateOf(pool, slot)
    if (draining || breakerOpenUntilMs > nowMs || activeStreams >= streamsMax) continue
    if (((pool.flags[slot] ?? 0) & OPEN) === 0) continue
    if (constraintRejection(offer, request) === null && judge(offer, request) === null) return offer
  }
  return null
}

export type Judge = (offer: ReplicaOffer, request: PlacementRequest) => string | null
