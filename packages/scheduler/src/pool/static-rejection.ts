/** The fixed constraints of a policy: what an offer is, not how it does. Residency fails closed. */
import { dataPolicies, trustLevels, type ReplicaOffer } from '../offer.ts'
import type { RejectionReason, RoutingPolicy } from '../placement.ts'
import { regionAllowed } from '../policy/regions.ts'

export type StaticPolicy = Pick<RoutingPolicy, 'regions' | 'minTrust' | 'dataPolicy' | 'gpuClasses' | 'features'>
type StaticOffer = Pick<ReplicaOffer, 'country' | 'region' | 'trust' | 'dataPolicy' | 'gpuClass' | 'features'>

/** Why the fixed constraints exclude a replica, or null. */
export function staticRejection(offer: StaticOffer, policy: StaticPolicy): RejectionReason | null {
  const { regions, gpuClasses } = policy
  if (lacksFeatures(offer, policy)) return 'unsupported'
  if (!regionAllowed(regions, offer)) return 'outside_residency'
  if (dataPolicies.indexOf(offer.dataPolicy) < dataPolicies.indexOf(policy.dataPolicy)) return 'data_policy'
  if (gpuClasses !== null && !gpuClasses.includes(offer.gpuClass)) return 'gpu_class'
  if (trustLevels.indexOf(offer.trust) < trustLevels.indexOf(policy.minTrust)) return 'trust'
  return null
}

/** True where the request needs something that the replica's engine says it has not. */
export function lacksFeatures({ features }: Pick<StaticOffer, 'features'>, policy: StaticPolicy): boolean {
  return features !== undefined && ((policy.features ?? 0) & ~features) !== 0
}
