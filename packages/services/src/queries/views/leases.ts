/** Leases as pages show them. Money is µUSD, times are ms since the Unix epoch. */
import type { LeaseStatus } from '@isochrone/domain'
import type { NodeRef } from './requests.ts'

/** A node that offers GPUs for lease. */
export interface LeaseOffer {
  /** `node_…` */
  id: string
  name: string
  providerName: string
  region: string
  country: string
  gpuClass: string
  hardware: string
  simulated: boolean
  models: string[]
  gpus: number
  freeGpus: number
  perGpuHourMicroUsd: bigint
  live: boolean
}

export interface LeaseQuoteView {
  /** The lease's id, once it is confirmed. */
  id: string
  node: NodeRef | null
  model: string
  gpus: number
  durationMs: number
  perGpuHourMicroUsd: bigint
  /** GPU time at that price. */
  timeMicroUsd: bigint
  /** What is held while it runs: the time, and a micro-dollar for each receipt's rounding. */
  reserveMicroUsd: bigint
  expiresAtMs: number
  /** From now on; a clock elsewhere may be wrong. */
  holdsForMs: number
}

export interface LeaseSummary {
  id: string
  status: LeaseStatus
  model: string
  gpus: number
  node: NodeRef | null
  perGpuHourMicroUsd: bigint
  durationMs: number
  /** Null before its engine first ran. */
  endsAtMs: number | null
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
  /** What is given back; null until it is over. */
  releasedMicroUsd: bigint | null
  creditMs: number
  creditMicroUsd: bigint
  moves: number
  /** Why it waits or failed; null when nothing is wrong. */
  error: string | null
  createdAtMs: number
  runningAtMs: number | null
  endedAtMs: number | null
}

export interface LeaseEventView {
  atMs: number
  event: string
  status: LeaseStatus
  /** In a sentence. */
  text: string
}

export interface LeaseReceiptView {
  lane: string
  seq: number
  node: NodeRef | null
  fromMs: number
  toMs: number
  gpuMs: number
  priceMicroUsd: bigint
  /** Of the lane, once it is closed. */
  epoch: number | null
  /** As the lane signed it, integers as text where they exceed 53 bits; the node signed the same with `seq` 0. */
  fields: Record<string, string | number>
  laneSignature: string
  nodeSignature: string
}

export interface LeaseDetail extends LeaseSummary {
  /** Base URL of the API; its id is the model's name there. */
  endpointUrl: string
  meteredToMs: number | null
  events: LeaseEventView[]
  /** Newest first, the last hundred. */
  receipts: LeaseReceiptView[]
}
