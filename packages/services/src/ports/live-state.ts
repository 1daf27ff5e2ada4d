/** What gateways say right now, from Redis. Unreachable or silent means "nothing is live", never an error page. */
import type { GatewayStatus, NodeLiveness } from '@isochrone/protocol'

export interface LiveState {
  /** By bytes32 node id; stale entries included, callers look at `seenAtMs`. */
  nodes(): Promise<Map<string, NodeLiveness>>
  /** Of these alone, in one call; for a page of a long list. */
  nodesById(nodeIds: readonly string[]): Promise<Map<string, NodeLiveness>>
  gateways(): Promise<GatewayStatus[]>
  /** Journal entries that no worker has taken over yet. */
  receiptsBacklog(): Promise<number>
}
