/**
 * What placement is asked and what it answers. Scores are floating-point µUSD and never become a bill.
 */
import type { PrngState } from '@isochrone/domain'
import type { Tuning } from './decide/constants.ts'
import type { DataPolicy, ReplicaOffer, TrustLevel } from './offer.ts'

/** A renter's wishes after validation, defaults and suffix are merged: see `parse-routing-policy.ts` for the JSON. */
export interface RoutingPolicy {
  /** What a second until the first token is worth, µUSD: "latency or price" is this one number. */
  valueOfSecondMicroUsd: number
  /** What a second of generation is worth, µUSD: high for `sort: throughput`. */
  valueOfGenerationSecondMicroUsd: number
  /** Highest prices, µUSD per 10⁶ tokens and for the whole request; null = no cap. */
  maxPrice: { inPerMtok: number | null; outPerMtok: number | null; requestMicroUsd: number | null }
  ttftSloMs: number
  tpotSloMs: number
  /**
   * `slack`: a request goes only where its SLO is expected to hold, else waits or is refused with an honest Retry-After.
   * `capacity`: it goes wherever there is a place, the better ones first.
   */
  admission: 'slack' | 'capacity'
  /**
   * Countries (`DE`), provider regions (`eu-de`), or a region inside a country (`DE/eu-de`) it may run in; null = any.
   * Fails closed: an unknown country is outside. `regionAllowed` is the reference.
   */
  regions: readonly string[] | null
  /** Nodes and providers that must not serve it, by id. */
  exclude: readonly string[]
  minTrust: TrustLevel
  dataPolicy: DataPolicy
  /** GPU classes that may serve it; null = any. */
  gpuClasses: readonly string[] | null
  /** False: the first choice or an error, no alternates and no hedge. */
  allowFallbacks: boolean
  /** What the engine must be able to do for the request, as a mask of `engineFeatures`. Default: nothing. */
  features?: number | undefined
  /** False: an answer whose node broke off ends with an error, instead of going on elsewhere. Absent: it goes on. */
  allowContinuation?: boolean | undefined
}

export interface PlacementRequest {
  requestId: string
  /** Null: any build of the model; else only this one (continuations). */
  modelHash: string | null
  /** Upper estimate of prompt tokens. */
  tokensIn: number
  /** Prompt tokens that may be billed at most: what a price cap on the request is checked with. Default `tokensIn`. */
  tokensInMax?: number | undefined
  /** Prompt tokens that it has at least: only these make a prompt too long for certain. Default `tokensIn`. */
  tokensInMin?: number | undefined
  /** Output tokens that were reserved: what a price cap on the request is checked with. */
  tokensOutMax: number
  /** Output tokens that a replica's context must have room for, beside the prompt. Default `tokensOutMax`. */
  tokensOutNeeded?: number | undefined
  /** Output tokens that are likely: what the score uses. */
  tokensOutExpected: number
  /**
   * How much of one step's own length is left in the mean time per token of such an answer, 0 to 1: the root of the mean
   * of 1 ÷ (tokens − 1). Of two tokens all of it is, of a hundred a tenth. Default 0.
   */
  gapNoise?: number | undefined
  bytesIn: number
  /** Hashes of the prompt's prefix blocks, first block first, as the prefix index was fed; empty = unknown. */
  prefixHashes: readonly number[]
  /** Tokens in one prefix block. */
  prefixBlockTokens: number
  policy: RoutingPolicy
  /** Of its time to the first token, ms, what waiting took: `policy` has what is left. Absent: nothing. */
  sloWaitedMs?: number | undefined
  /** Nodes that already failed it. */
  excludeNodeIds: readonly string[]
  /** The only nodes that may serve it, a few: it is sealed to them. Absent: any. */
  onlyNodeIds?: readonly string[] | undefined
}

/** Tokens that a replica's context must hold. */
export function contextNeeded({ tokensIn, tokensOutMax, tokensOutNeeded }: PlacementRequest): number {
  return tokensIn + (tokensOutNeeded ?? tokensOutMax)
}

export const rejectionReasons = [
  'other_build',
  'unsupported',
  'excluded',
  'outside_residency',
  'data_policy',
  'gpu_class',
  'trust',
  'context_too_long',
  'over_price_cap',
  'draining',
  'stale',
  'breaker_open',
  'full',
  'no_slack',
] as const
export type RejectionReason = (typeof rejectionReasons)[number]

/** Terms of the score, µUSD. Their sum is the score; the lowest wins. */
export interface ScoreTerms {
  tokens: number
  bytes: number
  latency: number
  generation: number
  sloTtft: number
  sloTpot: number
  failure: number
}

/** A sampled replica exactly as the engine saw it: its offer, its load and its estimate at that moment. */
export interface SampledReplica {
  offer: ReplicaOffer
  activeStreams: number
  prefillTokens: number
  contextTokens: number
  /** Learned cap on streams, at most the declared one. */
  streamsMax: number
  rttMs: number | null
  stateAgeMs: number | null
  draining: boolean
  breakerOpenUntilMs: number
  tokensCached: number
  failureRate: number
  observations: number
  estimate: {
    baseMs: number
    prefillMsPerToken: number
    tpotBaseMs: number
    tpotPerStreamMs: number
    tpotPerStreamTokenMs: number
  }
}

export interface CandidateRow {
  nodeId: string
  failureDomain: string
  score: number
  terms: ScoreTerms
  ttftMs: number
  tpotMs: number
  activeStreams: number
  tokensCached: number
}

/** An attempt that whoever asked for a decision sent by it. */
export interface SentAttempt {
  attempt: number
  nodeId: string
  as: (typeof sentAs)[number]
  /** Prompt tokens that might wait there before it, else the node was to decline it; absent: any number. */
  prefillAheadMax?: number | undefined
  /** Prompt tokens that waited there when it came: the node has declined it. */
  declinedBehind?: number | undefined
}
export const sentAs = ['first', 'hedge', 'failover', 'continuation', 'move'] as const

/** Enough to explain a decision to a person and to run it again. Plain JSON. */
export interface PlacementRecord {
  engineVersion: string
  /** State of the generator after sampling, before the choice. */
  prngState: PrngState
  nowMs: number
  request: PlacementRequest
  /** Replicas of the model in the pool, and those that the policy's fixed constraints leave. */
  poolSize: number
  eligible: number
  sampled: SampledReplica[]
  /** Sampled and admissible, best first. */
  candidates: CandidateRow[]
  rejected: { nodeId: string; reason: RejectionReason }[]
  /**
   * Of a pool that is too large to name them all: how many replicas the fixed constraints exclude, by the first that does.
   * Their sum is `poolSize` − `eligible`. Absent in records of small pools, and in old ones.
   */
  excludedBy?: Partial<Record<RejectionReason, number>> | undefined
  /** True when the choice was made to learn, not to win. */
  explored: boolean
  choice: string | null
  alternates: string[]
  /** Set when nothing was chosen. */
  reason: RejectionReason | 'no_replica' | null
  retryAfterMs: number
  /** Tuning that differed from the engine's defaults. */
  tuning?: Readonly<Partial<Tuning>> | undefined
  /** What was sent by it; absent where nobody has told. */
  sent?: readonly SentAttempt[] | undefined
}
