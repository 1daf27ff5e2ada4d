/**
 * What a person may ask of routing, on a request or as an organisation's default. Absent = not said.
 *
 * `merge-routing.ts` turns wishes into the `RoutingPolicy` that the engine takes.
 */
import type { DataPolicy, TrustLevel } from '../offer.ts'

export const routingSorts = ['price', 'latency', 'throughput', 'balanced'] as const
export type RoutingSort = (typeof routingSorts)[number]

export interface RoutingWish {
  sort?: RoutingSort
  valueOfSecondMicroUsd?: number
  /** µUSD per 10⁶ tokens, and for the whole request; rounded down, so that a cap never rises. */
  maxPrice?: { inPerMtok?: number; outPerMtok?: number; requestMicroUsd?: number }
  ttftSloMs?: number
  tpotSloMs?: number
  /** Groups are expanded: `EU` is its members here. */
  regions?: readonly string[]
  exclude?: readonly string[]
  minTrust?: TrustLevel
  dataPolicy?: DataPolicy
  gpuClasses?: readonly string[]
  allowFallbacks?: boolean
  allowContinuation?: boolean
}
