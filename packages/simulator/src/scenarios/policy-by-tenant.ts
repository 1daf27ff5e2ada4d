/**
 * The production engine with a routing policy for each request: what scenarios about constraints drive.
 *
 * It is the plain gateway: decide, dispatch, learn from ends and heartbeats. Hedges and moves are left out, so that what
 * is seen is the placement alone.
 */
import { decide, type AttemptWork, type RoutingPolicy } from '@isochrone/scheduler'
import { createEnginePool } from '../policies/parts/engine-pool.ts'
import type { PolicyInstance, PolicyWorld, SimPolicy, SimRequest } from '../sim-types.ts'

/** @param policyOf the same object for equal wishes: the engine knows a policy by identity */
export function policyByTenant(name: string, policyOf: (request: SimRequest) => RoutingPolicy): SimPolicy {
  return {
    name,
    source: 'packages/scheduler of this project; docs/PLACEMENT.md',
    rule: 'The lowest dollar score among what the policy of the request allows.',
    create: (world) => createInstance(world, policyOf),
  }
}

const tokensOutMax = 4_096
const answerTokensAtFirst = 256
const answersRemembered = 1_000
const waitMsMax = 25

function createInstance(world: PolicyWorld, policyOf: (request: SimRequest) => RoutingPolicy): PolicyInstance {
  const { prefixBlockTokens, rng } = world
  const engine = createEnginePool(world)
  const { pool } = engine
  const works = new Map<number, AttemptWork>()
  let answerTokens = answerTokensAtFirst
  let answers = 0
  return {
    choose(request, nowMs, tried) {
      const decision = decide(
        pool,
        {
          requestId: String(request.index),
          modelHash: null,
          tokensIn: request.tokensIn,
          tokensOutMax,
          tokensOutExpected: Math.round(answerTokens),
          bytesIn: 4 * request.tokensIn,
          prefixHashes: request.prefixHashes,
          prefixBlockTokens,
          policy: policyOf(request),
          excludeNodeIds: engine.nodeIdsOf(tried),
        },
        rng,
        nowMs,
      )
      if (decision.kind === 'placed') return { kind: 'replica', replica: engine.replicaAt(decision.slot) }
      return { kind: 'wait', afterMs: Math.min(waitMsMax, decision.retryAfterMs) }
    },
    onDispatch(replica, request) {
      const slot = engine.slotOf(replica)
      if (slot < 0) return
      const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: Math.round(answerTokens) }
      works.set(request.index, work)
      pool.opened(slot, work)
    },
    onFirstToken(replica, request) {
      const work = works.get(request.index)
      const slot = engine.slotOf(replica)
      if (work && slot >= 0) pool.firstToken(slot, work)
    },
    onEnd(replica, request, outcome, nowMs) {
      const work = works.get(request.index)
      works.delete(request.index)
      if (outcome.kind === 'finished') {
        answers = Math.min(answersRemembered, answers + 1)
        answerTokens += (outcome.tokensOut - answerTokens) / answers
      }
      engine.closed(replica, work, outcome, nowMs)
    },
    ...engine.hooks,
  }
}
