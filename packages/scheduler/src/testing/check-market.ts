/**
 * Lives through one random market, deciding all the while, and checks every decision. Returns counts; throws with the
 * seed and the number of the decision at the first promise that is broken.
 */
import { prng, type Prng } from '@isochrone/domain'
import type { Tuning } from '../decide/constants.ts'
import { decide, type Placed } from '../decide/decide.ts'
import { parsePlacementRecord } from '../explain/parse-placement-record.ts'
import { replayDecision } from '../explain/replay-decision.ts'
import { hedgeTargetOf } from '../hedge/hedge-target.ts'
import type { AttemptWork, ReplicaOffer } from '../offer.ts'
import type { PlacementRequest } from '../placement.ts'
import { OPEN, SLACK } from '../pool/columns.ts'
import { constraintRejection, replicaStateOf } from '../pool/replica-state.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import {
  chance,
  oneOf,
  randomOffer,
  randomOutcome,
  randomPolicy,
  randomPrefix,
  randomReport,
  randomRequest,
} from './random-market.ts'
import { violationOf } from './violation-of.ts'

export interface MarketCheck {
  seed: number
  replicas: number
  decisions: number
  /** One decision in so many is recorded, sent through JSON and replayed. */
  replayEvery?: number
  tuning?: Partial<Tuning>
}

export interface MarketCounts {
  decisions: number
  placed: number
  none: number
  explored: number
  alternates: number
  hedges: number
  prefixHits: number
  replayed: number
}

interface Running {
  nodeId: string
  work: AttemptWork
}

const RUNNING_MAX = 256

export function checkMarket({ seed, replicas, decisions, replayEvery = 16, tuning }: MarketCheck): MarketCounts {
  const rng = prng(seed)
  // Much exploration: its choices must keep every promise too.
  const pool = createReplicaPool({ prefixBlocksMax: 512, tuning: { explorationShare: 0.1, ...tuning } })
  const running: Running[] = []
  const counts: MarketCounts = {
    decisions: 0,
    placed: 0,
    none: 0,
    explored: 0,
    alternates: 0,
    hedges: 0,
    prefixHits: 0,
    replayed: 0,
  }
  const policies = Array.from({ length: 12 }, () => randomPolicy(rng))
  let nodes = 0
  while (nodes < replicas) pool.upsert(randomOffer(rng, nodes++))
  let nowMs = 1_700_000_000_000
  /** A pool's time never goes back, though a caller's may. */
  let latestMs = nowMs

  for (let n = 0; n < decisions; n++) {
    nowMs += chance(rng, 0.02) ? rng.below(30_000) : chance(rng, 0.01) ? -rng.below(5_000) : rng.below(200)
    latestMs = Math.max(latestMs, nowMs)
    for (let events = rng.below(3); events > 0; events--) {
      if (live(pool, rng, running, nowMs, nodes)) nodes++
    }
    const request = randomRequest(rng, oneOf(rng, policies), n)
    const fail = (what: string): never => {
      throw new Error(`seed ${seed}, ${replicas} replicas, decision ${n}: ${what}\n${JSON.stringify(request)}`)
    }
    const decision = decide(pool, request, rng, nowMs)
    counts.decisions++
    if (n % replayEvery === 0) {
      const json = JSON.stringify(decision.record())
      const { differences } = replayDecision(parsePlacementRecord(JSON.parse(json)))
      if (differences.length > 0) fail(`replay differs: ${differences.join('; ')}`)
      counts.replayed++
    }
    if (decision.kind === 'none') {
      counts.none++
      if (!(decision.retryAfterMs > 0 && Number.isFinite(decision.retryAfterMs)))
        fail(`retry after ${decision.retryAfterMs}`)
      const missed = missedBy(pool, request, latestMs)
      if (missed) fail(`nothing placed (${decision.reason}), though ${missed.nodeId} could serve`)
      continue
    }
    counts.placed++
    if (decision.explored) counts.explored++
    counts.alternates += decision.alternates.length
    checkPlaced(pool, request, decision, latestMs, fail)
    if (pool.scratch.cached[pool.scratch.chosen]) counts.prefixHits++
    const hedge = hedgeTargetOf(decision.slot, decision.alternates, {
      failureDomainOf: (slot) => pool.offerAt(slot).failureDomain,
      hasSlack: (slot) =>
        ((pool.flags[slot] ?? 0) & SLACK) !== 0 && constraintRejection(pool.offerAt(slot), request) === null,
    })
    if (hedge !== null) {
      counts.hedges++
      const broken = violationOf(pool.offerAt(hedge), request)
      if (broken) fail(`hedge ${broken}`)
    }
    dispatch(pool, rng, running, request, decision)
  }
  return counts
}

function checkPlaced(
  pool: ReplicaPool,
  request: PlacementRequest,
  decision: Placed,
  nowMs: number,
  fail: (what: string) => never,
): void {
  const { policy } = request
  const slots = [decision.slot, ...decision.alternates]
  for (const slot of slots) {
    const broken = violationOf(pool.offerAt(slot), request)
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

/** A replica that an answer "none" overlooked: inside all constraints, up and with a place. Only where load decides alone. */
function missedBy(pool: ReplicaPool, request: PlacementRequest, nowMs: number): ReplicaOffer | null {
  if (request.policy.admission === 'slack') return null
  for (const slot of pool.slots()) {
    const offer = pool.offerAt(slot)
    const { draining, breakerOpenUntilMs, activeStreams, streamsMax } = replicaStateOf(pool, slot)
    if (draining || breakerOpenUntilMs > nowMs || activeStreams >= streamsMax) continue
    if (((pool.flags[slot] ?? 0) & OPEN) === 0) continue
    if (constraintRejection(offer, request) === null && violationOf(offer, request) === null) return offer
  }
  return null
}

/** One event of the market's life. True when a replica joined. */
function live(pool: ReplicaPool, rng: Prng, running: Running[], nowMs: number, nodes: number): boolean {
  const nodeId = `node_${rng.below(nodes)}`
  const slot = pool.slotOf(nodeId)
  const kind = rng.below(20)
  if (kind === 0) {
    pool.upsert(randomOffer(rng, nodes))
    return true
  }
  if (kind === 1 && pool.size > 1) pool.remove(nodeId)
  else if (kind === 2 && slot !== undefined) pool.upsert(randomOffer(rng, Number(nodeId.slice(5))))
  else if (kind === 3 && slot !== undefined) pool.setRtt(slot, oneOf(rng, [null, 10, 200, Number.NaN, -5]))
  else if (kind === 4 && slot !== undefined) pool.prefix.note(slot, randomPrefix(rng))
  else if (kind < 12 && slot !== undefined) pool.report(slot, randomReport(rng, nowMs))
  else if (running.length > 0) {
    const [ended] = running.splice(rng.below(running.length), 1)
    const at = ended && pool.slotOf(ended.nodeId)
    if (ended && at !== undefined) pool.closed(at, ended.work, randomOutcome(rng), nowMs)
  }
  return false
}

function dispatch(pool: ReplicaPool, rng: Prng, running: Running[], request: PlacementRequest, { slot }: Placed): void {
  if (running.length >= RUNNING_MAX) return
  const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: request.tokensOutExpected }
  pool.opened(slot, work)
  if (chance(rng, 0.5)) pool.firstToken(slot, work)
  pool.prefix.note(slot, request.prefixHashes)
  running.push({ nodeId: pool.offerAt(slot).nodeId, work })
}
