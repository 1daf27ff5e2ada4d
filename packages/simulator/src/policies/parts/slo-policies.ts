/** Routing policies of requests that name an SLO, one object for each time that is left: the engine knows a policy by identity. */
import type { RoutingPolicy } from '@isochrone/scheduler'

/** Times left are rounded down to this. */
const STEP_MS = 10

export interface SloPoliciesOptions {
  /** The customer's prices of time, µUSD a second: until the first token, and of generation. */
  valueOfSecondMicroUsd: number
  valueOfGenerationSecondMicroUsd: number
}

export type SloPolicies = (
  leftMs: number,
  tpotSloMs: number,
  /** Whether only what keeps the SLO will do, or any place. */
  admission: RoutingPolicy['admission'],
) => RoutingPolicy

export function createSloPolicies({
  valueOfSecondMicroUsd,
  valueOfGenerationSecondMicroUsd,
}: SloPoliciesOptions): SloPolicies {
  const made = { slack: new Map<string, RoutingPolicy>(), capacity: new Map<string, RoutingPolicy>() }
  return (leftMs, tpotSloMs, admission) => {
    const ttftSloMs = Math.max(1, Math.floor(leftMs / STEP_MS)) * STEP_MS
    const key = `${ttftSloMs} ${tpotSloMs}`
    let policy = made[admission].get(key)
    if (policy) return policy
    policy = {
      valueOfSecondMicroUsd,
      valueOfGenerationSecondMicroUsd,
      maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: null },
      ttftSloMs,
      tpotSloMs,
      admission,
      regions: null,
      exclude: [],
      minTrust: 'claimed',
      dataPolicy: 'any',
      gpuClasses: null,
      allowFallbacks: true,
    }
    made[admission].set(key, policy)
    return policy
  }
}
