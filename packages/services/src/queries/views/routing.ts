/** What a team sees of its default routing policy, and of what a policy leaves of the market. */
import type { RejectionReason, RoutingSort } from '@isochrone/scheduler'

/** The policy in the words of the API (`sort`, `max_price`, …), as a request may carry it too. Prices are in dollars. */
export type RoutingJson = { [field: string]: JsonValue }

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

export interface RoutingView {
  /** As saved; `{}` = the platform's defaults. */
  routing: RoutingJson
  defaults: {
    sort: RoutingSort
    ttftSloMs: number
    tpotSloMs: number
    /** What each sort takes a second to be worth, µUSD: until the first token, and of the text that follows. */
    worthOfSecondMicroUsd: Record<RoutingSort, { first: number; generation: number }>
  }
}

export interface RoutingPreview {
  /** Nodes on offer, and those of them that a request with this policy could go to now. */
  total: number
  eligible: number
  /** Eligible ones first. */
  nodes: RoutingPreviewNode[]
  /** Where none is eligible: the smallest changes of the policy that would let one in, as sentences. Else empty. */
  changes: string[]
}

export interface RoutingPreviewNode {
  /** `node_…` */
  id: string
  name: string
  providerName: string
  simulated: boolean
  region: string
  country: string
  gpuClass: string
  /** Why it is out; null = eligible. `offline`: the policy admits it, but no gateway is linked to it. */
  out: RejectionReason | 'offline' | null
}

/** `contradiction`: the request asked for a place that the changed policy does not allow at all. */
export type DryRunReason = RejectionReason | 'no_replica' | 'contradiction'

/** What a changed policy would have done to requests on record. Scores are estimates: amounts in floating-point µUSD. */
export interface RoutingDryRun {
  /** How far back, ms. */
  spanMs: number
  /** Decisions that were made again, at most 1,000, the newest. */
  requests: number
  /** Requests without a decision that this engine can make again. */
  unreadable: number
  /** Decisions for which more replicas were there than were looked at: a looser policy may find more than this shows. */
  unseen: number
  /** Found no place then, under the policy of then. */
  refusedBefore: number
  /** Found a place then and would find none, most frequent reason first. */
  refused: { reason: DryRunReason; count: number }[]
  /** Found no place then and would find one. */
  admitted: number
  /** Placed both times: what cost and time are of. */
  compared: number
  /** Of those, how many would go to another node. */
  moved: number
  /** Expected, over all that are compared. */
  costMicroUsd: { before: number; after: number }
  /** Expected time to the first token, the middle one of all; null where nothing is compared. */
  ttftMs: { before: number | null; after: number | null }
}
