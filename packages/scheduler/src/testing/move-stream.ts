/** One look at a running stream whose replica has become slow: where the engine moves it to, if anywhere. */
import type { Decision, Placed } from '../decide/decide.ts'
import { moveRule, streamsToMove } from '../move/streams-to-move.ts'
import type { PlacementRequest } from '../placement.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import type { AttemptWork } from '../offer.ts'

export interface SlowStream {
  of: number
  delivered: number
  tpotMs: number
}

export interface Moved {
  stream: RunningStream
  request: PlacementRequest
  to: Placed
}

const NOW_MS = 1_000_000

/** Null where it stays. `place` decides for the rest of the answer, under the same constraints, elsewhere. */
export function moveOf(
  pool: ReplicaPool,
  running: readonly RunningStream[],
  { of, delivered, tpotMs }: SlowStream,
  place: (request: PlacementRequest) => Decision,
): Moved | null {
  const stream = running[of % Math.max(1, running.length)]
  const slot = stream && pool.slotOf(stream.nodeId)
  if (!stream || slot === undefined) return null
  pool.paced(slot, { tpotMs, tokens: delivered, elapsedMs: delivered * tpotMs })
  const rest = restOf(stream, pool, slot, delivered)
  let to: Placed | null = null
  const [moving] = streamsToMove({
    streams: [{ delivered, firstMs: NOW_MS - delivered * tpotMs }],
    recentTpotMs: tpotMs,
    nowMs: NOW_MS,
    factor: moveRule.factor,
    roundShare: moveRule.roundShare,
    budget: { available: 1, take: () => true },
    tpotSloMsOf: () => rest.policy.tpotSloMs,
    tokensLeftOf: () => rest.tokensOutMax,
    elsewhere: () => {
      const decision = place(rest)
      to = decision.kind === 'placed' ? decision : null
      return to
    },
  })
  return moving && to ? { stream, request: rest, to } : null
}

/** What is left of an answer: on the same build, and where it has not been. */
function restOf(
  { request, nodeId }: RunningStream,
  pool: ReplicaPool,
  slot: number,
  delivered: number,
): PlacementRequest {
  return {
    ...request,
    modelHash: pool.offerAt(slot).modelHash,
    tokensIn: request.tokensIn + delivered,
    tokensOutMax: Math.max(1, request.tokensOutMax - delivered),
    excludeNodeIds: [...request.excludeNodeIds, nodeId],
    policy: { ...request.policy, admission: 'slack' },
  }
}

export interface RunningStream {
  nodeId: string
  work: AttemptWork
  request: PlacementRequest
}
