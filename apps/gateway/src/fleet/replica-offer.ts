/** What a node that is linked here offers, as placement takes it: law and money from the control state, the rest its own. */
import { offeredFeatures } from '@isochrone/domain'
import type { NodeState } from '@isochrone/protocol'
import type { EngineEstimate, ReplicaOffer } from '@isochrone/scheduler'
import type { NodeSession } from '../ports.ts'

export function replicaOfferOf(
  session: NodeSession,
  node: NodeState,
  served: NodeSession['models'][number],
  prior: EngineEstimate | undefined,
): ReplicaOffer {
  return {
    nodeId: session.nodeId,
    providerId: node.providerId,
    modelHash: served.modelHash,
    failureDomain: node.failureDomain,
    region: node.region,
    country: node.country,
    tier: node.tier,
    gpuClass: node.gpuClass,
    trust: node.trust,
    dataPolicy: node.dataPolicy,
    contextTokensMax: served.contextTokensMax,
    features: offeredFeatures(served.features),
    prices: {
      inPerMtok: Number(node.prices.inMicroUsdPerMtok),
      cachedPerMtok: Number(node.prices.cachedMicroUsdPerMtok),
      outPerMtok: Number(node.prices.outMicroUsdPerMtok),
      inPerGb: Number(node.prices.inMicroUsdPerGb),
      outPerGb: Number(node.prices.outMicroUsdPerGb),
    },
    concurrencyMax: session.concurrencyMax,
    ...(prior && { prior }),
  }
}
