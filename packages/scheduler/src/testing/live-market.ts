/**
 * Lives through a market and checks every decision in it: first choices, alternates, hedges and moves. Returns counts;
 * throws with the number of the step at the first promise that is broken.
 */
import { prng } from '@isochrone/domain'
import type { Tuning } from '../decide/constants.ts'
import { decide, type Decision, type Placed } from '../decide/decide.ts'
import { parsePlacementRecord } from '../explain/parse-placement-record.ts'
import { replayDecision } from '../explain/replay-decision.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { named, reportAt, requestOf } from './arbitraries.ts'
import { checkHedge, checkNone, checkPlaced, type Judge } from './check-decision.ts'
import { moveOf, type RunningStream } from './move-stream.ts'
import type { Market, Step } from './market.ts'
import { violationOf } from './violation-of.ts'

export interface LiveOptions {
  /** One decision in so many is recorded, sent through JSON and replayed. */
  replayEvery?: number
  tuning?: Partial<Tuning>
  /** Says what a placement broke, or null. */
  judge?: Judge
  /** Is told of every decision in words that say all of it. */
  onDecision?: (words: string) => void
}

export interface LiveCounts {
  decisions: number
  placed: number
  none: number
  explored: number
  alternates: number
  hedges: number
  moves: number
  prefixHits: number
  replayed: number
  /** Decisions among more replicas than a sample is remembered from. */
  amongMany: number
}

const RUNNING_MAX = 256
const START_MS = 1_700_000_000_000

export const noCounts = (): LiveCounts => ({
  decisions: 0,
  placed: 0,
  none: 0,
  explored: 0,
  alternates: 0,
  hedges: 0,
  moves: 0,
  prefixHits: 0,
  replayed: 0,
  amongMany: 0,
})

export function liveThrough(market: Market, options: LiveOptions = {}): LiveCounts {
  const { tuning, replayEvery = 16, judge = violationOf, onDecision } = options
  const rng = prng(market.seed)
  // Much exploration: its choices must keep every promise too.
  const pool = createReplicaPool({ prefixBlocksMax: 512, tuning: { explorationShare: 0.1, ...tuning } })
  const running: RunningStream[] = []
  const counts = noCounts()
  let nodes = 0
  let nowMs = START_MS
  /** A pool's time never goes back, though a caller's may. */
  let latestMs = nowMs
  for (const offer of market.offers) pool.upsert(named(offer, nodes++))

  const decided = (decision: Decision, request: PlacementRequest, fail: (what: string) => never): void => {
    if (pool.scratch.compiled && pool.scratch.compiled.eligible > pool.tuning.recallOver) counts.amongMany++
    onDecision?.(wordsOf(pool, decision))
    if (counts.decisions++ % replayEvery === 0) {
      const { differences } = replayDecision(parsePlacementRecord(JSON.parse(JSON.stringify(decision.record()))))
      if (differences.length > 0) fail(`replay differs: ${differences.join('; ')}`)
      counts.replayed++
    }
    if (decision.kind === 'none') {
      counts.none++
      checkNone(pool, request, decision, latestMs, judge, fail)
      return
    }
    counts.placed++
    counts.alternates += decision.alternates.length
    if (decision.explored) counts.explored++
    if (pool.scratch.cached[pool.scratch.chosen]) counts.prefixHits++
    checkPlaced(pool, request, decision, latestMs, judge, fail)
  }

  market.steps.forEach((step, n) => {
    const fail = (what: string): never => {
      throw new Error(`step ${n}, ${step.do}: ${what}`)
    }
    if (step.do === 'ask') {
      nowMs += step.afterMs
      latestMs = Math.max(latestMs, nowMs)
      const request = requestOf(step.ask, market.policies[step.of % market.policies.length] as RoutingPolicy, n)
      const decision = decide(pool, request, rng, nowMs)
      decided(decision, request, fail)
      if (decision.kind === 'none') return
      if (checkHedge(pool, request, decision, judge, fail)) counts.hedges++
      dispatch(pool, running, request, decision, step.answered)
    } else if (step.do === 'slow') {
      const moved = moveOf(pool, running, step, (request) => {
        const decision = decide(pool, request, rng, nowMs)
        decided(decision, request, fail)
        return decision
      })
      if (!moved) return
      counts.moves++
      running.splice(running.indexOf(moved.stream), 1)
      dispatch(pool, running, moved.request, moved.to, true)
    } else if (step.do === 'join') pool.upsert(named(step.offer, nodes++))
    else happen(pool, running, step, nodes, nowMs)
  })
  return counts
}

/** Everything that says what was decided. */
function wordsOf(pool: ReplicaPool, decision: Decision): string {
  if (decision.kind === 'none') return `none: ${decision.reason}, ${decision.retryAfterMs}`
  const nodes = [decision.slot, ...decision.alternates].map((slot) => pool.offerAt(slot).nodeId)
  return `${nodes.join(' > ')}, ${decision.ttftMs}, ${decision.tpotMs}, ${decision.priceMicroUsd}, ${decision.explored}`
}

type Event = Exclude<Step, { do: 'ask' | 'slow' | 'join' }>

/** One event of the market's life that no decision is made for. */
function happen(pool: ReplicaPool, running: RunningStream[], step: Event, nodes: number, nowMs: number): void {
  if (step.do === 'end') {
    const [ended] = running.splice(step.of % Math.max(1, running.length), 1)
    const slot = ended && pool.slotOf(ended.nodeId)
    if (ended && slot !== undefined) pool.closed(slot, ended.work, step.outcome, nowMs)
    return
  }
  const n = step.at % nodes
  const slot = pool.slotOf(`node_${n}`)
  if (slot === undefined) return
  if (step.do === 'leave') {
    if (pool.size > 1) pool.remove(`node_${n}`)
  } else if (step.do === 'change') pool.upsert(named(step.offer, n))
  else if (step.do === 'rtt') pool.setRtt(slot, step.ms)
  else if (step.do === 'prefix') pool.prefix.note(slot, step.hashes)
  else pool.report(slot, reportAt(step.report, nowMs))
}

function dispatch(
  pool: ReplicaPool,
  running: RunningStream[],
  request: PlacementRequest,
  { slot }: Placed,
  answered: boolean,
): void {
  if (running.length >= RUNNING_MAX) return
  const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: request.tokensOutExpected }
  pool.opened(slot, work)
  if (answered) pool.firstToken(slot, work)
  pool.prefix.note(slot, request.prefixHashes)
  running.push({ nodeId: pool.offerAt(slot).nodeId, work, request })
}
