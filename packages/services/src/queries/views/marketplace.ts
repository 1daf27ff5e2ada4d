/** What anyone may see of the market: nodes on offer, with what gateways measured of them. */
import type { Prices } from '@isochrone/domain'
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'
import type { GpusForLease } from './offers.ts'

export interface OfferModel {
  model: string
  quantisation: string
  contextTokensMax: number
  simulated: boolean
}

/** Measurements by the gateway that the node is linked to; null where there are none yet. */
export interface OfferMeasurements {
  gatewayUrl: string
  seenAtMs: number
  linkedSinceMs: number
  /** Attempt TTFT at this gateway, ms. */
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  /** Output tokens per second of one stream. */
  tokensPerSecond: number | null
  /** Round trip of link pings, ms; where `simulatedRttMs` is set the pages say "simulated network". */
  rttMs: number | null
  simulatedRttMs: number | null
  activeStreams: number
  queuedStreams: number
  concurrencyMax: number
}

export interface Offer {
  /** `node_…` */
  id: string
  /** bytes32 */
  nodeId: string
  name: string
  providerId: string
  providerName: string
  /** As the agent declares it: `8 × NVIDIA H200`; a claim until it is attested. */
  hardware: string
  cpuCores: number | null
  memoryMib: number | null
  gpus: { name: string; count: number; memoryMib: number }[]
  simulated: boolean
  region: string
  country: string
  tier: Tier
  dataPolicy: DataPolicy
  trust: TrustLevel
  /** What a policy's `gpu_classes` names: `H200`, …, `CPU`. */
  gpuClass: string
  models: OfferModel[]
  termsHash: string
  prices: Prices
  /** Linked to a gateway within the last seconds. */
  live: boolean
  measured: OfferMeasurements | null
  createdAtMs: number
}

/** One offer on its own page. */
export interface OfferDetail extends Offer {
  /** Read now. Null: it offers none, or takes no new leases. */
  forLease: GpusForLease | null
}

export interface OfferFilter {
  model?: string | undefined
  region?: string | undefined
  liveOnly?: boolean | undefined
  sort?: 'price' | 'latency' | 'throughput' | undefined
}

export interface OfferList {
  offers: Offer[]
  /** All values that occur, for the filters. */
  models: string[]
  regions: string[]
}
