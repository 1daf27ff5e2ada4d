/**
 * Our policy: an adapter that drives the production engine, one pool for each gateway, as the gateway itself does.
 *
 * It gives the engine only what a gateway has: declared offers with the published curve of their class as prior, its own
 * round trips, late heartbeats, and the ends of its own attempts. The length of an answer is not known beforehand: the
 * mean of those that ended at this gateway stands for it.
 */
import {
  createReplicaPool,
  decide,
  type AttemptWork,
  type PlacementRequest,
  type PrefixHolders,
  type ReplicaOffer,
  type RoutingPolicy,
  type Tuning,
} from '@isochrone/scheduler'
import type { Choice, PolicyInstance, PolicyWorld, SimPolicy, SimReplica, SimRequest } from '../sim-types.ts'

export interface IsochroneSettings {
  /** The customer's prices of time, µUSD a second: until the first token, and of generation. */
  valueOfSecondMicroUsd: number
  valueOfGenerationSecondMicroUsd: number
  /** First ask for a place inside the SLO, this long (share of the TTFT SLO), then take any. */
  slackPatienceShare: number
  /** Longest time between two asks of a request that waits, ms. */
  waitMsMax: number
  /** Overrides of the engine's own tuning; none = as in production. */
  tuning: Partial<Tuning>
}

/** `sort: price` with the SLO of the request. */
export const isochroneSettings: IsochroneSettings = {
  valueOfSecondMicroUsd: 10,
  valueOfGenerationSecondMicroUsd: 2,
  slackPatienceShare: 0.3,
  waitMsMax: 25,
  tuning: {},
}

export const isochrone: SimPolicy = isochroneWith('isochrone', isochroneSettings)

/** The policy under another name and with other settings: for tuning, and for comparing its parts. */
export function isochroneWith(name: string, settings: IsochroneSettings): SimPolicy {
  return {
    name,
    source: 'packages/scheduler of this project; docs/PLACEMENT.md',
    rule: 'The lowest dollar score among about sixteen sampled replicas: price, price of time, and the cost of missing the SLO.',
    create: (world) => createInstance(world, settings),
  }
}

const modelHash = 'sim'
const contextTokensMax = 131_072
/** What a request reserves when its caller sets no limit; bounds the price check and the context check alone. */
const tokensOutMax = 4_096
const answerTokensAtFirst = 256
/** Answers that the mean remembers. */
const answersRemembered = 1_000
/** Policies are made for SLOs in steps of this: the engine knows a policy by identity. */
const sloStepMs = 10

function createInstance(world: PolicyWorld, settings: IsochroneSettings): PolicyInstance {
  const { replicas, rttMs, prefixBlockTokens, rng } = world
  const pool = createReplicaPool({ tuning: settings.tuning })
  const slots = new Int32Array(replicas.length).fill(-1)
  const replicaOf: number[] = []
  const works = new Map<number, AttemptWork>()
  const slackPolicies = new Map<number, RoutingPolicy>()
  const capacityPolicies = new Map<number, RoutingPolicy>()
  const holders: PrefixHolders = { slot: new Int32Array(8), blocks: new Int32Array(8) }
  let answerTokens = answerTokensAtFirst
  let answers = 0

  function ask(request: SimRequest, tried: readonly number[], policy: RoutingPolicy): PlacementRequest {
    return {
      requestId: String(request.index),
      modelHash: null,
      tokensIn: request.tokensIn,
      tokensOutMax,
      tokensOutExpected: Math.round(answerTokens),
      bytesIn: 4 * request.tokensIn,
      prefixHashes: request.prefixHashes,
      prefixBlockTokens,
      policy,
      excludeNodeIds: tried.length === 0 ? noNodes : tried.map((replica) => (replicas[replica] as SimReplica).nodeId),
    }
  }

  function policyFor(request: SimRequest, leftMs: number, admission: RoutingPolicy['admission']): RoutingPolicy {
    const policies = admission === 'slack' ? slackPolicies : capacityPolicies
    const step = Math.max(1, Math.floor(leftMs / sloStepMs))
    const known = policies.get(step)
    if (known && known.tpotSloMs === request.tpotSloMs) return known
    const made: RoutingPolicy = {
      valueOfSecondMicroUsd: settings.valueOfSecondMicroUsd,
      valueOfGenerationSecondMicroUsd: settings.valueOfGenerationSecondMicroUsd,
      maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
      ttftSloMs: step * sloStepMs,
      tpotSloMs: request.tpotSloMs,
      admission,
      regions: null,
      exclude: [],
      minTrust: 'claimed',
      dataPolicy: 'any',
      gpuClasses: null,
      allowFallbacks: true,
    }
    policies.set(step, made)
    return made
  }

  function cachedTokens(slot: number, request: SimRequest): number {
    if (request.prefixHashes.length === 0) return 0
    const found = pool.prefix.holders(request.prefixHashes, holders)
    for (let i = 0; i < found; i++) {
      if (holders.slot[i] === slot) return Math.min(request.tokensIn, (holders.blocks[i] ?? 0) * prefixBlockTokens)
    }
    return 0
  }

  return {
    choose(request, nowMs, tried): Choice {
      const elapsedMs = nowMs - request.arriveMs
      const leftMs = request.ttftSloMs - elapsedMs
      const patient = elapsedMs <= settings.slackPatienceShare * request.ttftSloMs
      const policy = policyFor(request, leftMs, patient ? 'slack' : 'capacity')
      const decision = decide(pool, ask(request, tried, policy), rng, nowMs)
      if (decision.kind === 'placed') return { kind: 'replica', replica: replicaOf[decision.slot] as number }
      return { kind: 'wait', afterMs: Math.min(settings.waitMsMax, decision.retryAfterMs) }
    },
    onDispatch(replica, request) {
      const slot = slots[replica] as number
      if (slot < 0) return
      const { tokensIn, index, prefixHashes } = request
      const tokensCached = cachedTokens(slot, request)
      const work: AttemptWork = { tokensIn, tokensCached, tokensOut: Math.round(answerTokens) }
      works.set(index, work)
      pool.opened(slot, work)
      if (prefixHashes.length > 0) pool.prefix.note(slot, prefixHashes)
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
      const { kind, tokensCached, tokensOut, concurrency, contextTokens, tpotMs } = outcome
      const engineTtftMs = outcome.ttftMs === null ? null : Math.max(0, outcome.ttftMs - (rttMs[replica] as number))
      pool.closed(
        slot,
        work,
        { kind, tokensIn: work.tokensIn, tokensCached, tokensOut, concurrency, contextTokens, engineTtftMs, tpotMs },
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

const noNodes: readonly string[] = []

/** What a provider declares. `speed` and `errorRate` are the simulator's secret. */
function offerOf(replica: SimReplica): ReplicaOffer {
  return {
    nodeId: replica.nodeId,
    providerId: replica.providerId,
    modelHash,
    failureDomain: replica.failureDomain,
    region: replica.region,
    country: replica.country,
    tier: replica.tier,
    gpuClass: replica.gpuClass,
    trust: 'claimed',
    dataPolicy: 'any',
    contextTokensMax,
    prices: replica.prices,
    concurrencyMax: replica.concurrencyMax,
    prior: replica.declared,
  }
}
