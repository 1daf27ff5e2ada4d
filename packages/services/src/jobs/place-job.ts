/**
 * Where a queued job goes: the same `decide` as interactive requests, and the job counted at its node in the same step.
 *
 * A line of a batch goes into slack alone, and waits for it here: to queue it again and again would cost more than it.
 */
import { prng, slackStreamsMax, type AppError } from '@isochrone/domain'
import {
  createReplicaPool,
  decide,
  replicaStateOf,
  type Decision,
  type PlacementRecord,
  type PlacementRequest,
  type ReplicaPool,
} from '@isochrone/scheduler'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { hopelessRefusal, notLinked } from './hopeless-request.ts'
import type { JobFleet } from './job-fleet.ts'
import type { RunJobDeps } from './run-job-deps.ts'

type PlaceJobDeps = Pick<RunJobDeps, 'fleet' | 'pools' | 'clock' | 'batches'>

/** How long a line of a batch stands in line for a place before the queue has it again, and how often it looks. */
const SLACK_WAIT = { looks: 40, everyMs: 100 }
/** Nodes that are asked for slack in one look. */
const SLACK_NODES_MAX = 8

export type JobPlacement =
  | {
      kind: 'none'
      reason: string
      record: PlacementRecord
      retryAfterMs: number
      /** Where no wait would help. */
      refusal: AppError | null
    }
  | { kind: 'placed'; nodeId: string; record: PlacementRecord; close: ReturnType<JobFleet['open']> }

/** A line of a batch waits here for slack, unless it waits for nothing. */
export async function placeInTime(
  deps: PlaceJobDeps,
  job: QueuedJobRow,
  request: PlacementRequest,
): Promise<JobPlacement> {
  const looks = job.kind === 'batch' && deps.batches ? SLACK_WAIT.looks : 0
  for (let look = 0; ; look++) {
    const { states, liveness } = await deps.fleet.nodes()
    deps.pools.sync(states, liveness, deps.clock.nowMs())
    const placement = place(deps, job, request)
    if (placement.kind === 'placed') return placement
    const refusal = hopelessRefusal(request, deps.pools.pool(job.model), notLinked(states, liveness))
    if (refusal || look >= looks) return { ...placement, refusal }
    await deps.batches?.sleep(SLACK_WAIT.everyMs)
  }
}

/** The decision, among nodes that have more room than those need who wait for their answers. */
function decideInSlack(pool: ReplicaPool, request: PlacementRequest, seed: number, nowMs: number): Decision {
  const full: string[] = []
  for (;;) {
    const asked = { ...request, excludeNodeIds: [...request.excludeNodeIds, ...full] }
    const decision = decide(pool, asked, prng(seed), nowMs)
    if (decision.kind === 'none' || full.length >= SLACK_NODES_MAX) return decision
    const { nodeId, concurrencyMax } = pool.offerAt(decision.slot)
    if (replicaStateOf(pool, decision.slot).activeStreams < slackStreamsMax(concurrencyMax)) return decision
    full.push(nodeId)
  }
}

/** Decides and counts the job at its node in one step, so that jobs of one moment spread. */
function place(deps: PlaceJobDeps, job: QueuedJobRow, request: PlacementRequest): JobPlacement {
  const pool = deps.pools.pool(job.model) ?? nobody
  const nowMs = deps.clock.nowMs()
  // The seed is of the request and the attempt: the record carries the generator's state, so it can be replayed.
  const seed = Number.parseInt(job.requestId.slice(-8), 16) ^ (job.attempts * 0x9e3779b9)
  const rng = prng(seed)
  const decided = (asked: PlacementRequest) =>
    job.kind === 'batch' ? decideInSlack(pool, asked, seed, nowMs) : decide(pool, asked, rng, nowMs)
  let decision = decided(request)
  if (decision.kind === 'none' && request.excludeNodeIds.length > 0) {
    decision = decided({ ...request, excludeNodeIds: [] })
  }
  // An estimate may be too high: only the least that the prompt can be makes it too long.
  if (decision.kind === 'none' && decision.reason === 'context_too_long') {
    const tokensIn = Math.min(request.tokensIn, request.tokensInMin ?? request.tokensIn)
    decision = decided({ ...request, tokensIn, excludeNodeIds: [] })
  }
  const record = decision.record()
  if (decision.kind === 'none') {
    const { reason, retryAfterMs } = decision
    return { kind: 'none', reason: reason ?? 'none', record, retryAfterMs, refusal: null }
  }
  const { nodeId } = pool.offerAt(decision.slot)
  const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: request.tokensOutExpected }
  return { kind: 'placed', nodeId, record, close: deps.pools.open(job.model, nodeId, work, nowMs) }
}

/** A model that no node serves: the decision then says so. */
const nobody = createReplicaPool({ prefixBlocksMax: 1 })
