/**
 * What placement knows of a replica: what its provider offers, what it last reported, and what came of attempts on it.
 *
 * Plain data in stated units. An offer changes seldom (control plane), a report every heartbeat, load at every dispatch.
 */
export const trustLevels = ['claimed', 'challenged', 'attested'] as const
/** How well the hardware behind an offer is known; a later level includes the earlier ones. */
export type TrustLevel = (typeof trustLevels)[number]

export const dataPolicies = ['any', 'no_training', 'no_retention'] as const
/** What a provider promises to do with prompts; a later level includes the earlier ones. */
export type DataPolicy = (typeof dataPolicies)[number]

export const tiers = ['edge', 'regional', 'cloud'] as const
export type Tier = (typeof tiers)[number]

/** µUSD per 10⁶ tokens and per 10⁹ bytes, whole numbers. */
export interface OfferPrices {
  inPerMtok: number
  cachedPerMtok: number
  outPerMtok: number
  inPerGb: number
  outPerGb: number
}

/**
 * TPOT̂ = tpotBaseMs + tpotPerStreamMs·c + tpotPerStreamTokenMs·c·ctx at c streams of ctx tokens of context each;
 * engine TTFT̂ = baseMs + uncached tokens in · prefillMsPerToken, behind the prefill work that waits already.
 */
export interface EngineEstimate {
  baseMs: number
  prefillMsPerToken: number
  tpotBaseMs: number
  tpotPerStreamMs: number
  tpotPerStreamTokenMs: number
}

export interface ReplicaOffer {
  nodeId: string
  providerId: string
  modelHash: string
  /** What shares its fate; alternates and hedges come from another one. */
  failureDomain: string
  /** The provider's name for the place, such as `eu-de`. */
  region: string
  /** ISO 3166-1 alpha-2, empty when unknown: unknown is outside every residency. */
  country: string
  tier: Tier
  /** `H200`, `B200`, `CPU`, … */
  gpuClass: string
  trust: TrustLevel
  dataPolicy: DataPolicy
  contextTokensMax: number
  /** What its engine can, as a mask of `engineFeatures`. Left out: whatever is asked for. */
  features?: number | undefined
  prices: OfferPrices
  /** Streams that run at once, as the provider declares; further ones wait in the node's queue. */
  concurrencyMax: number
  /** What hardware of its class does; the estimator starts from it. Left out: an optimistic default and a slow start. */
  prior?: EngineEstimate | undefined
}

/** One heartbeat. Values that are missing, negative or not finite are ignored, never trusted. */
export interface ReplicaReport {
  /** When the node took it, ms since the epoch by the receiver's clock. */
  atMs: number
  /** Streams running and waiting on the node, of all gateways. */
  activeStreams: number
  queuedStreams: number
  /** Streams of this gateway among them. */
  ownStreams: number
  draining: boolean
  /** Prompt tokens that wait for prefill, of all gateways; absent when the engine does not say. */
  prefillTokens?: number | undefined
  /** Prompt tokens of this gateway among them. */
  ownPrefillTokens?: number | undefined
  /** Mean context of the running streams, tokens; absent when the engine does not say. */
  contextTokens?: number | undefined
  /** Time that a token takes there now ÷ what is usual under such load, by all its streams; absent when the node does not say. */
  pace?: number | undefined
}

/** What a dispatch puts on a replica, as estimated when it was placed. */
export interface AttemptWork {
  tokensIn: number
  /** Of them already in the replica's prefix cache. */
  tokensCached: number
  tokensOut: number
}

/** What an attempt showed. `null` where it was never reached. */
export interface AttemptOutcome {
  /** `failed` counts against the replica, `refused` (its 429) lowers its learned cap, `cancelled` teaches nothing. */
  kind: 'finished' | 'failed' | 'refused' | 'cancelled'
  tokensIn: number
  tokensCached: number
  tokensOut: number
  /** Streams on the replica while it ran, itself included. */
  concurrency: number
  /** Mean context of those streams, tokens; 0 when unknown. */
  contextTokens: number
  /** Prompt tokens that waited there before it, as they were known at its dispatch. Absent: unknown, and none is thought of. */
  tokensAhead?: number | undefined
  /** Dispatch → first token, less the round trip, ms. */
  engineTtftMs: number | null
  /** (duration − TTFT) / (tokens out − 1), ms. */
  tpotMs: number | null
}
