/**
 * What placement sees and what it says. Everything here is plain data, so a decision can be recorded as JSON and
 * replayed from it: scores are floating-point µUSD and never become a bill.
 */
import type { PrngState } from '@isochrone/domain'
import type { ReplicaEstimate } from './replica-estimator.ts'

/** One running copy of a model on a node, as the placer knows it now. */
export interface ReplicaView {
  nodeId: string
  providerId: string
  model: string
  modelHash: string
  /** What shares its fate; alternates come from another one. */
  failureDomain: string
  region: string
  /** ISO 3166-1 alpha-2. */
  country: string
  contextTokensMax: number
  /** µUSD per 10⁶ tokens and per 10⁹ bytes. */
  prices: { inPerMtok: number; cachedPerMtok: number; outPerMtok: number; inPerGb: number; outPerGb: number }
  /** Streams that run at once; further ones wait in the node's queue. */
  concurrencyMax: number
  /** Reported − own share at the heartbeat + own now. */
  activeStreams: number
  queuedStreams: number
  /** Round trip placer ↔ node, ms; null when not measured yet. */
  rttMs: number | null
  /** Age of the last heartbeat, ms; null when none came yet. */
  stateAgeMs: number | null
  draining: boolean
  /** Milliseconds since the epoch until which its breaker is open; 0 = closed. */
  breakerOpenUntilMs: number
  estimate: ReplicaEstimate
}

export interface FleetSnapshot {
  replicas: readonly ReplicaView[]
}

export interface PlacementRequest {
  requestId: string
  model: string
  /** Upper estimate of prompt tokens. */
  tokensIn: number
  /** Output tokens that were reserved. */
  tokensOutMax: number
  bytesIn: number
  /** What a second of waiting for the first token is worth to this renter, µUSD. */
  valueOfSecondMicroUsd: number
  /** Highest price for the whole request, µUSD; null = no cap. */
  priceMicroUsdMax: number | null
  /** Countries it may run in; null = any. Fails closed: an unknown country is outside. */
  countries: readonly string[] | null
  /** Nodes that already failed it. */
  excludeNodeIds: readonly string[]
  /** Time to first token and per further token that the renter expects, ms. */
  sloTtftMs: number
  sloTpotMs: number
}

export type RejectionReason =
  | 'other_model'
  | 'excluded'
  | 'draining'
  | 'stale'
  | 'breaker_open'
  | 'outside_residency'
  | 'context_too_long'
  | 'full'
  | 'over_price_cap'

/** Terms of the score, µUSD. Their sum is the score; the lowest wins. */
export interface ScoreTerms {
  tokens: number
  bytes: number
  latency: number
  sloTtft: number
  sloTpot: number
  failure: number
}

export interface CandidateRow {
  nodeId: string
  failureDomain: string
  score: number
  terms: ScoreTerms
  ttftMs: number
  tpotMs: number
  activeStreams: number
}

/** Enough to explain a decision to a person, and with the snapshot rows to run it again. */
export interface PlacementRecord {
  engineVersion: string
  prngState: PrngState
  nowMs: number
  request: PlacementRequest
  /** The sampled rows exactly as they were seen, in canonical order. */
  sampled: ReplicaView[]
  /** Sampled and admissible, best first. */
  candidates: CandidateRow[]
  rejected: { nodeId: string; reason: RejectionReason }[]
  /** How many replicas serve this model in all. */
  poolSize: number
  /** True when the choice was made to learn, not to win. */
  explored: boolean
  choice: string | null
  alternates: string[]
}

export type Placement =
  | { kind: 'placed'; replica: ReplicaView; alternates: ReplicaView[]; record: PlacementRecord }
  | { kind: 'none'; reason: RejectionReason | 'no_replica'; retryAfterS: number; record: PlacementRecord }
