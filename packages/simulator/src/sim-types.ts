/**
 * The borders inside the simulator: world, requests, and what a placement policy may see and do.
 *
 * A policy sees what a real gateway would: declared offers, round trips that it has measured, heartbeats that are old by
 * the time they arrive, and the outcome of its own attempts. It never sees the engine's true state or the future.
 */
import type { Prng } from '@isochrone/domain'
import type { EngineEstimate, OfferPrices, Tier } from '@isochrone/scheduler'

export interface SimReplica {
  /** Index in the fleet: how policies name it. */
  index: number
  nodeId: string
  providerId: string
  failureDomain: string
  country: string
  region: string
  tier: Tier
  gpuClass: 'H200' | 'B200' | 'B300'
  /** Ask for the whole replica, USD/h, and the list it was read from. */
  usdPerHour: number
  priceSource: string
  prices: OfferPrices
  /** What the published curve says of its class; the true engine may be slower (`speed`). */
  declared: EngineEstimate
  /** Engine time ÷ declared time, ≥ 1 for a slow one. Hidden from policies. */
  speed: number
  concurrencyMax: number
  kvTokens: number
  /** Nearest measured point of the network matrix. */
  serverId: string
  meanUpMs: number
  meanDownMs: number
  /** Share of attempts that end in an error before the first token while it is up. Hidden from policies. */
  errorRate: number
}

export interface SimGateway {
  index: number
  name: string
  serverId: string
}

/** The world of one run: what the seed drew, before anything happens in it. */
export interface SimFleet {
  replicas: readonly SimReplica[]
  gateways: readonly SimGateway[]
  /** Round trip gateway ↔ replica, ms: `rttMs[gateway][replica]`. */
  rttMs: readonly Float64Array[]
}

export interface SimRequest {
  /** Index in the workload, in order of arrival. */
  index: number
  arriveMs: number
  tenant: number
  gateway: number
  tokensIn: number
  tokensOut: number
  /** Prefix blocks of `prefixBlockTokens`, first block first; empty where the trace has none. */
  prefixHashes: readonly number[]
  ttftSloMs: number
  tpotSloMs: number
}

/** What the node says of itself; arrives half a round trip after `atMs`. */
export interface SimReport {
  atMs: number
  activeStreams: number
  queuedStreams: number
  /** Prompt tokens that wait for prefill as an agent of ours counts them: it sees first tokens, and not into its engine. */
  prefillTokens: number
  /** As the engine itself knows it: for routers whose documents have servers that report from inside. */
  enginePrefillTokens: number
  contextTokens: number
  /** Time that a token takes there now ÷ what is usual, as its agent sees it; absent before it can say. */
  pace?: number | undefined
  kvTokensUsed: number
  ownStreams: number
  ownPrefillTokens: number
}

export interface SimOutcome {
  /**
   * `cancelled`: a hedge that lost; `moved`: the policy took the stream elsewhere after its first token; `declined`: more
   * prompt tokens waited at the node than the policy had allowed, which cost a round trip.
   */
  kind: 'finished' | 'failed' | 'refused' | 'cancelled' | 'moved' | 'declined'
  /** As seen at the gateway, ms from dispatch, round trip included; null where there was none. */
  ttftMs: number | null
  durationMs: number
  tpotMs: number | null
  tokensCached: number
  tokensOut: number
  concurrency: number
  contextTokens: number
}

export interface PolicyWorld {
  gateway: SimGateway
  replicas: readonly SimReplica[]
  /** Round trip gateway ↔ replica, ms, by replica index: each gateway measures it with its link pings. */
  rttMs: Float64Array
  prefixBlockTokens: number
  rng: Prng
  /** A probe answers with the node's report one round trip later, at its cost in time; null = the node did not answer. */
  probe(replica: number, answer: (report: SimReport | null, nowMs: number) => void): void
  /** Asks `choose` again, at this instant, for a request of this gateway that waits. */
  wake(request: number): void
}

/**
 * `wait`: ask again after `afterMs`, Infinity = when woken; `refuse`: answer the customer 429/503 now. A replica at which more
 * than `prefillAheadMax` prompt tokens wait when the attempt arrives declines it, with its report; absent: it takes it.
 */
export type Choice =
  | { kind: 'replica'; replica: number; prefillAheadMax?: number | undefined }
  | { kind: 'wait'; afterMs: number }
  | { kind: 'refuse'; reason: string }

/** A stream of this gateway that decodes on a replica: what its own frames have shown so far. */
export interface SimProgress {
  request: SimRequest
  /** Tokens received, and when the first came. */
  delivered: number
  firstMs: number
}

/** One instance for each gateway. All times are simulated ms. `tried` are replicas that failed this request already. */
export interface PolicyInstance {
  choose(request: SimRequest, nowMs: number, tried: readonly number[]): Choice
  /** What the node is told of a prompt that is sent there: tokens that are expected to be prefilled. Absent: nothing. */
  promptTokens?(replica: number, request: SimRequest): number
  onDispatch?(replica: number, request: SimRequest, nowMs: number): void
  onFirstToken?(replica: number, request: SimRequest, ttftMs: number, nowMs: number): void
  onEnd?(replica: number, request: SimRequest, outcome: SimOutcome, nowMs: number): void
  /** A heartbeat, already late by the one-way delay. */
  onReport?(replica: number, report: SimReport, nowMs: number): void
  /** Nodes report to it at once when a long prompt has come, beside their heartbeats. */
  readonly hearsOfPrompts?: boolean
  /** The link came up or was lost, as the gateway notices it. Replicas that are down are never to be chosen. */
  onLink?(replica: number, up: boolean, nowMs: number): void
  /** Asked after each first dispatch: silence of this length is late enough for a second attempt, ms; Infinity = never. */
  hedgeAfterMs?(replica: number, request: SimRequest, nowMs: number): number
  /** The silence has lasted: where to send a second attempt, −1 = nowhere. The first token of either wins. */
  hedge?(request: SimRequest, nowMs: number, tried: readonly number[]): number
  /** With each heartbeat, when the policy listens: its streams there. Returns requests to continue on another replica. */
  onProgress?(replica: number, streams: readonly SimProgress[], nowMs: number): readonly number[]
}

export interface SimPolicy {
  /** Lower-case, `-` between words; ours is `isochrone`. */
  name: string
  /** Where its rule and its settings are documented: a paper, or a document's address and date. */
  source: string
  /** One sentence: the rule as configured here. */
  rule: string
  create(world: PolicyWorld): PolicyInstance
}
