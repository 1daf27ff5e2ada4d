/**
 * The production engine with a routing policy for each request: what scenarios about constraints drive.
 *
 * It is the plain gateway: decide, dispatch, learn from ends and heartbeats. Hedges and moves are left out, so that what
 * is seen is the placement alone.
 */
import {
  createReplicaPool,
  decide,
  type AttemptWork,
  type ReplicaOffer,
  type RoutingPolicy,
} from '@isochrone/scheduler'
import type { PolicyInstance, PolicyWorld, SimPolicy, SimReplica, SimRequest } from '../sim-types.ts'

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
const noNodes: readonly string[] = []

function createInstance(world: PolicyWorld, policyOf: (request: SimRequest) => RoutingPolicy): PolicyInstance {
  const { replicas, rttMs, prefixBlockTokens, rng } = world
  const pool = createReplicaPool()
  const slots = new Int32Array(replicas.length).fill(-1)
  const replicaOf: number[] = []
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
          excludeNodeIds: tried.length ? tried.map((replica) => (replicas[replica] as SimReplica).nodeId) : noNodes,
        },
        rng,
        nowMs,
      )
      if (decision.kind === 'placed') return { kind: 'replica', replica: replicaOf[decision.slot] as number }
      return { kind: 'wait', afterMs: Math.min(waitMsMax, decision.retryAfterMs) }
    },
    onDispatch(replica, request) {
      const slot = slots[replica] as number
      if (slot < 0) return
      const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: Math.round(answerTokens) }
      works.set(request.index, work)
      pool.opened(slot, work)
    },
    onFirstToken(replica, request) {
      const work = works.get(request.index)
      const slot = slots[replica] as number
      if (work && slot >= 0) pool.firstToken(slot, work)
    },
    onEnd(replica, request, outcome, nowMs) {
      const work = works.get(request.index)
      works.delete(request.index)
      const slot = slots[replica] as number
      if (outcome.kind === 'finished') {
        answers = Math.min(answersRemembered, answers + 1)
        answerTokens += (outcome.tokensOut - answerTokens) / answers
      }
      if (!work || slot < 0) return
      const { kind, ttftMs, tokensCached, tokensOut, concurrency, contextTokens, tpotMs } = outcome
      pool.closed(
        slot,
        work,
        {
          kind: kind === 'moved' ? 'finished' : kind,
          tokensIn: work.tokensIn,
          tokensCached,
          tokensOut,
          concurrency,
          contextTokens,
          engineTtftMs: ttftMs === null ? null : Math.max(0, ttftMs - (rttMs[replica] as number)),
          tpotMs,
        },
        nowMs,
      )
    },
    onReport(replica, report) {
      const slot = slots[replica] as number
      if (slot >= 0) pool.report(slot, { ...report, draining: false })
    },
    onLink(replica, up) {
      const node = replicas[replica] as SimReplica
      if (up) {
        const slot = pool.upsert(offerOf(node))
        pool.setRtt(slot, rttMs[replica] as number)
        slots[replica] = slot
        replicaOf[slot] = replica
      } else if (slots[replica] !== -1) {
        pool.remove(node.nodeId)
        slots[replica] = -1
      }
    },
  }
}

function offerOf({ declared, ...replica }: SimReplica): ReplicaOffer {
  const { nodeId, providerId, failureDomain, region, country, tier, gpuClass, prices, concurrencyMax } = replica
  return {
    nodeId,
    providerId,
    modelHash: 'sim',
    failureDomain,
    region,
    country,
    tier,
    gpuClass,
    trust: 'claimed',
    dataPolicy: 'any',
    contextTokensMax: 131_072,
    prices,
    concurrencyMax,
    prior: declared,
  }
}
