/** What a team asks of the node that it rents, and what was found. */
import type { PlacementRecord } from '@isochrone/scheduler'
import type { LeaseConstraints } from './lease-constraints.ts'
import type { RentalOffer } from './lease-offers.ts'

export interface LeaseWish {
  /** Seeds the decision. */
  id: string
  orgId: string
  model: string
  gpus: number
  /** µUSD. */
  perGpuHourMaxMicroUsd: bigint
  /** This node and no other; null or absent: any. */
  nodeId?: string | null
  /** Null or absent: the organisation's policy alone. */
  constraints?: LeaseConstraints | null
  excludeNodeIds?: readonly string[]
}

export interface ChosenNode extends RentalOffer {
  record: PlacementRecord
  /** Of a choice by constraints: how many nodes meet them, and what the next dearer one asks; null where none is dearer. */
  among?: { nodes: number; nextPerGpuHourMicroUsd: bigint | null }
}

/** What stood in the way of the candidate that came closest; for people. */
export interface NoNode {
  reason: string
}
