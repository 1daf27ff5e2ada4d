/**
 * Our policy: an adapter that drives the production engine, one pool for each gateway, as the gateway itself does.
 *
 * It gives the engine only what a gateway has: declared offers with the published curve of their class as prior, its own
 * round trips, late heartbeats, and the ends of its own attempts. The length of an answer is not known beforehand: the
 * mean of those of the same tenant that ended at this gateway, of prompts of about the same length, stands for it.
 */
import {
  AnswerLengths,
  createHedgeBudget,
  createLoadAsks,
  createStreamWatch,
  decide,
  gatewayTuning,
  hedgeBeforeSloMs,
  hedgeTimes,
  LOAD_ASK_MS,
  moveRule,
  patienceLeftMs,
  PromptTokens,
  replicaStateOf,
  secondsBySort,
  streamsToMove,
  type Placed,
  type PlacementRequest,
  type PrefixHolders,
  type RoutingPolicy,
  type Tuning,
} from '@isochrone/scheduler'
import type { Choice, PolicyInstance, PolicyWorld, SimPolicy, SimProgress, SimRequest } from '../sim-types.ts'
import { createEnginePool, type SentWork } from './parts/engine-pool.ts'
import { createSloPolicies } from './parts/slo-policies.ts'

export interface IsochroneSettings {
  /** The customer's prices of time, µUSD a second: until the first token, and of generation. */
  valueOfSecondMicroUsd: number
  valueOfGenerationSecondMicroUsd: number
  /** Longest time between two asks of a request that waits, ms. */
  waitMsMax: number
  /** Second attempts per request at most; a hedge is sent when what is left of the TTFT SLO is this long, ms. */
  hedgeShare: number
  hedgeTtftMs: number
  /** Moved streams per request at most; a stream is looked at when its replica takes this many times the TPOT SLO. */
  moveShare: number
  moveFactor: number
  /** Of a replica's streams, at most this share moves at one look. */
  moveRoundShare: number
  /** A moved stream has lost time: it looks for a replica that keeps this share of the TPOT SLO. */
  movedTpotShare: number
  /** Candidates whose last report is older than this are asked for a new one over the link, ms; Infinity = never. */
  probeMs: number
  /** Whether nodes may decline its requests because of the prompts that wait there. */
  bounds: boolean
  /** Whether nodes tell of long prompts when they come. */
  hearsOfPrompts: boolean
  /** Overrides of the engine's own tuning; none = as in production. */
  tuning: Partial<Tuning>
  /** Whether offers declare the curve of their hardware; else estimates start from the engine's default. */
  declared: boolean
}

/** `sort: price` with the request's SLO named, as a customer would send it; the rest is the gateway's own conduct. */
export const isochroneSettings: IsochroneSettings = {
  valueOfSecondMicroUsd: secondsBySort.price.first,
  valueOfGenerationSecondMicroUsd: secondsBySort.price.generation,
  waitMsMax: 25,
  hedgeShare: 0.05,
  hedgeTtftMs: hedgeTimes.ttftMs,
  moveShare: moveRule.share,
  moveFactor: moveRule.factor,
  moveRoundShare: moveRule.roundShare,
  movedTpotShare: moveRule.movedTpotShare,
  probeMs: LOAD_ASK_MS,
  bounds: true,
  hearsOfPrompts: true,
  tuning: {},
  declared: true,
}

export const isochrone: SimPolicy = isochroneWith('isochrone', isochroneSettings)

/** Placement by the engine and nothing else: no hedge, no move, no decline, load by heartbeat alone. What the baselines have. */
export const isochronePlacementOnly: SimPolicy = {
  ...isochroneWith('isochrone-placement-only', {
    ...isochroneSettings,
    hedgeShare: 0,
    moveShare: 0,
    probeMs: Number.POSITIVE_INFINITY,
    bounds: false,
    hearsOfPrompts: false,
  }),
  rule: 'The same engine and settings without hedges, moves, declined prompts and news between heartbeats.',
}

/** The engine with the constants of the gateway of `npm start`; and with its nodes too, which declare no curve. */
export const isochroneGatewayTuning: SimPolicy = isochroneWith('isochrone-gateway-tuning', {
  ...isochroneSettings,
  tuning: gatewayTuning,
})
export const isochroneUndeclared: SimPolicy = isochroneWith('isochrone-undeclared', {
  ...isochroneSettings,
  declared: false,
})
export const isochroneGateway: SimPolicy = isochroneWith('isochrone-gateway', {
  ...isochroneSettings,
  tuning: gatewayTuning,
  declared: false,
})

/** The policy under another name and with other settings: for tuning, and for comparing its parts. */
export function isochroneWith(name: string, settings: IsochroneSettings): SimPolicy {
  return {
    name,
    source: 'packages/scheduler of this project; docs/PLACEMENT.md',
    rule: 'Lowest dollar score among the replicas that the policy admits (about twelve of a large pool): price, price of time, cost of missing the SLO. Hedges within 5 % of requests, moves streams off replicas that have become too slow, and goes elsewhere where too many prompts wait.',
    create: (world) => createInstance(world, settings),
  }
}

/** What a request reserves when its caller sets no limit; bounds the price check and the context check alone. */
const tokensOutMax = 4_096
const answerTokensAtFirst = 256
/** What all tenants' answers come to counts as this many of a new one's. */
const lengthsLeaning = 16

function createInstance(world: PolicyWorld, settings: IsochroneSettings): PolicyInstance {
  const { prefixBlockTokens, rng } = world
  const engine = createEnginePool(world, settings)
  const { pool } = engine
  const works = new Map<number, Map<number, SentWork>>()
  const hedges = createHedgeBudget({ share: settings.hedgeShare })
  const moves = createHedgeBudget({ share: settings.moveShare, burst: moveRule.burst })
  const watch = createStreamWatch<number>()
  const streaming = new Set<number>()
  const prompts = new PromptTokens()
  /** Of requests whose last attempt was declined: by whom. */
  const declinedBy = new Map<number, number>()
  const asks = createLoadAsks(settings.probeMs)

  /** The link's ping carries the node's report back: those that may be chosen next are asked often, the others rest. */
  function refresh(slot: number, nowMs: number): void {
    const replica = engine.replicaAt(slot)
    if (!asks.due(replica, nowMs)) return
    world.probe(replica, (report) => {
      if (report && engine.slotOf(replica) === slot) pool.report(slot, { ...report, draining: false })
    })
  }
  const sloPolicies = createSloPolicies(settings)
  const holders: PrefixHolders = { slot: new Int32Array(8), blocks: new Int32Array(8) }
  const lengthsOfAll = new AnswerLengths(answerTokensAtFirst)
  const lengthsByTenant = new Map<number, AnswerLengths>()
  const lengthsOf = ({ tenant }: SimRequest): AnswerLengths => lengthsByTenant.get(tenant) ?? lengthsOfAll
  const answerTokens = (request: SimRequest): number => Math.max(1, lengthsOf(request).expected(request.tokensIn))

  /** As the gateway's measurements: each tenant apart, and of the others one mean to begin with. */
  function learnLength(request: SimRequest, tokensOut: number): void {
    const { tenant, tokensIn } = request
    const own = lengthsByTenant.get(tenant) ?? new AnswerLengths(lengthsOfAll.mean, lengthsLeaning)
    lengthsByTenant.set(tenant, own)
    own.learn(tokensIn, tokensOut)
    lengthsOfAll.learn(tokensIn, tokensOut)
  }

  function ask(request: SimRequest, tried: readonly number[], policy: RoutingPolicy): PlacementRequest {
    return {
      requestId: String(request.index),
      modelHash: null,
      tokensIn: request.tokensIn,
      tokensOutMax,
      tokensOutExpected: Math.round(answerTokens(request)),
      gapNoise: lengthsOf(request).gapNoise(request.tokensIn),
      bytesIn: 4 * request.tokensIn,
      prefixHashes: request.prefixHashes,
      prefixBlockTokens,
      policy,
      excludeNodeIds: engine.nodeIdsOf(tried),
    }
  }

  /** `leftMs`: until its first token must come. A stream that goes on has lost time: it asks for a better pace. */
  function policyFor(
    { tpotSloMs }: SimRequest,
    leftMs: number,
    admission: RoutingPolicy['admission'],
    goesOn = false,
  ): RoutingPolicy {
    return sloPolicies(leftMs, goesOn ? settings.movedTpotShare * tpotSloMs : tpotSloMs, admission)
  }

  function sentTo(decision: Placed, tried: readonly number[], nowMs: number): Choice {
    refresh(decision.slot, nowMs)
    for (const alternate of decision.alternates) refresh(alternate, nowMs)
    if (tried.length === 0) {
      hedges.earn()
      moves.earn()
    }
    const bound = settings.bounds ? decision.prefillAheadMax() : null
    return { kind: 'replica', replica: engine.replicaAt(decision.slot), prefillAheadMax: bound ?? undefined }
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
    hearsOfPrompts: settings.hearsOfPrompts,
    choose(request, nowMs, tried): Choice {
      const goesOn = streaming.has(request.index)
      // A stream that goes on elsewhere has had its first token: what counts is the gap, and that begins now.
      const elapsedMs = goesOn ? 0 : nowMs - request.arriveMs
      const leftMs = request.ttftSloMs - elapsedMs
      const policy = policyFor(request, leftMs, 'slack', goesOn)
      const inTime = decide(pool, ask(request, tried, policy), rng, nowMs)
      if (inTime.kind === 'placed') return sentTo(inTime, tried, nowMs)
      const { retryAfterMs } = inTime
      for (const slot of inTime.nearest()) refresh(slot, nowMs)
      const declined = declinedBy.get(request.index)
      // Where there is nowhere else, it goes to the node that declined it after all.
      if (declined !== undefined && engine.slotOf(declined) >= 0) return { kind: 'replica', replica: declined }
      // What was sent once is served late before never.
      if (tried.length > 0) {
        const anywhere = ask(request, tried, policyFor(request, leftMs, 'capacity', goesOn))
        const late = decide(pool, anywhere, rng, nowMs)
        if (late.kind === 'placed') return sentTo(late, tried, nowMs)
      }
      const patienceMs = patienceLeftMs({ admission: 'slack', ttftSloMs: request.ttftSloMs }, elapsedMs)
      if (patienceMs === 0) return { kind: 'refuse', reason: 'no place would keep its SLO' }
      return { kind: 'wait', afterMs: Math.min(settings.waitMsMax, retryAfterMs, patienceMs) }
    },
    promptTokens(replica, request) {
      const slot = engine.slotOf(replica)
      return prompts.told(request.tokensIn, slot < 0 ? 0 : cachedTokens(slot, request))
    },
    onDispatch(replica, request) {
      const slot = engine.slotOf(replica)
      if (slot < 0) return
      const { tokensIn, index, prefixHashes } = request
      const tokensCached = cachedTokens(slot, request)
      const { prefillTokens: tokensAhead } = replicaStateOf(pool, slot)
      const work: SentWork = { tokensIn, tokensCached, tokensOut: Math.round(answerTokens(request)), tokensAhead }
      const opened = works.get(index) ?? new Map<number, SentWork>()
      opened.set(replica, work)
      works.set(index, opened)
      pool.opened(slot, work)
      if (prefixHashes.length > 0) pool.prefix.note(slot, prefixHashes)
    },
    hedgeAfterMs(replica, request, nowMs) {
      if (settings.hedgeShare === 0) return Infinity
      const times = { ...hedgeTimes, ttftMs: settings.hedgeTtftMs }
      return hedgeBeforeSloMs(request.ttftSloMs, nowMs - request.arriveMs, times)
    },
    hedge(request, nowMs, tried) {
      if (hedges.available === 0) return -1
      const policy = policyFor(request, request.ttftSloMs - (nowMs - request.arriveMs), 'slack')
      const decision = decide(pool, ask(request, tried, policy), rng, nowMs)
      if (decision.kind === 'none' || !hedges.take()) return -1
      return engine.replicaAt(decision.slot)
    },
    onProgress(replica, streams, nowMs) {
      const recent = watch.look(replica, streams, ({ request }) => request.index, nowMs)
      const slot = engine.slotOf(replica)
      if (settings.moveShare === 0 || slot < 0 || recent === null) return []
      pool.paced(slot, recent)
      const moving = streamsToMove<SimProgress>({
        streams,
        recentTpotMs: recent.tpotMs,
        nowMs,
        factor: settings.moveFactor,
        roundShare: settings.moveRoundShare,
        budget: moves,
        tpotSloMsOf: ({ request }) => request.tpotSloMs,
        tokensLeftOf: ({ request }) => answerTokens(request),
        elsewhere({ request, delivered }) {
          const policy = policyFor(request, request.ttftSloMs, 'slack')
          const rest = { ...request, tokensIn: request.tokensIn + delivered }
          const decision = decide(pool, ask(rest, [replica], policy), rng, nowMs)
          return decision.kind === 'none' ? null : decision
        },
      })
      return moving.map(({ request }) => request.index)
    },
    onFirstToken(replica, request) {
      const opened = works.get(request.index)?.get(replica)
      const slot = engine.slotOf(replica)
      if (!opened || slot < 0) return
      streaming.add(request.index)
      pool.firstToken(slot, opened)
    },
    onEnd(replica, request, outcome, nowMs) {
      const ofRequest = works.get(request.index)
      const work = ofRequest?.get(replica)
      ofRequest?.delete(replica)
      if (ofRequest?.size === 0) works.delete(request.index)
      watch.forget(request.index)
      if (outcome.kind === 'finished') streaming.delete(request.index)
      if (outcome.kind === 'finished') learnLength(request, outcome.tokensOut)
      if (outcome.kind === 'declined') declinedBy.set(request.index, replica)
      else declinedBy.delete(request.index)
      if (work && outcome.kind === 'finished') prompts.learn(work.tokensCached, outcome.tokensCached)
      engine.closed(replica, work, outcome, nowMs)
    },
    ...engine.hooks,
  }
}
