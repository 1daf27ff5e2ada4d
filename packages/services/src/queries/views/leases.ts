/** Leases as pages show them. Money is µUSD, times are ms since the Unix epoch. */
import type { LeaseStatus } from '@isochrone/domain'
import type { LeaseConstraints } from '../../leases/lease-constraints.ts'
import type { SettlementStage } from './common.ts'
import type { InclusionView, TermsView } from './requests.ts'
import type { NodeRef } from './node-ref.ts'

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
  /** Of a choice by constraints: how many nodes meet them, and what the next dearer one asks; null where none is dearer. */
  among: { nodes: number; nextPerGpuHourMicroUsd: bigint | null } | null
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
  /** What its node has to be, wherever it moves; null: its team chose the first one. */
  constraints: LeaseConstraints | null
  /** Why it cannot be extended where it is; null where nothing of its node forbids it. */
  notExtendable: string | null
  /** Base URL of the API; its id is the model's name there. */
  endpointUrl: string
  meteredToMs: number | null
  events: LeaseEventView[]
  /** Newest first, the last hundred. */
  receipts: LeaseReceiptView[]
}

/** A lease receipt on a page of its own. Told to its parties and staff alone. */
export interface LeaseReceiptDetail {
  lane: string
  seq: number
  /** EIP-712 struct hash. */
  hash: string
  /** `lease_…`, told to the payer alone. */
  leaseId: string | null
  /** Whether the reader's organisation rents. */
  isPayer: boolean
  node: NodeRef | null
  nodeId: string
  providerId: string | null
  channelId: string
  fromMs: number
  toMs: number
  gpuMs: number
  priceMicroUsd: bigint
  /** As the lane signed it, integers as text where they exceed 53 bits; the node signed the same with `seq` 0. */
  fields: Record<string, string | number>
  laneSignature: string
  nodeSignature: string
  settlement: SettlementStage
  epoch: number | null
  epochClosedAtMs: number | null
  /** From when its claim may be settled without any record; null until it is anchored. */
  payableAtMs: number | null
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  /** Null while the epoch is open. */
  inclusion: InclusionView | null
  /** Why no path leads to the root; null where one does, and while the epoch is open. */
  missing: string | null
  /** Null when nobody here knows them. */
  terms: TermsView | null
}

export interface LeaseReceiptListItem {
  seq: number
  /** Told to the payer alone. */
  leaseId: string | null
  node: NodeRef | null
  nodeId: string
  channelId: string
  fromMs: number
  toMs: number
  gpuMs: number
  priceMicroUsd: bigint
}
