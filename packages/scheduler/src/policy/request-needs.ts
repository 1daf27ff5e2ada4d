/** What a request needs of the engine that serves it, as part of its policy. */
import { featureMask, type RequestNeed } from '@isochrone/domain'
import type { RoutingPolicy } from '../placement.ts'

/** As a mask of `engineFeatures`. */
export const needsMask = (needs: readonly RequestNeed[]): number => featureMask(needs.map(({ feature }) => feature))

const withFeatures = new WeakMap<RoutingPolicy, Map<number, RoutingPolicy>>()
const MASKS_PER_POLICY_MAX = 256

/** The policy with what the request needs: the same object for the same two, because placement remembers by identity. */
export function policyWithFeatures(policy: RoutingPolicy, features: number): RoutingPolicy {
  if (features === 0) return policy
  let known = withFeatures.get(policy)
  if (!known) withFeatures.set(policy, (known = new Map()))
  let made = known.get(features)
  if (!made) {
    if (known.size >= MASKS_PER_POLICY_MAX) known.clear()
    known.set(features, (made = { ...policy, features }))
  }
  return made
}
