/**
 * Whether queued work would wait for nothing: no node that the marketplace has fits its policy, whatever the load.
 *
 * A node that is admitted and not linked now may come back, and a queue is for that: while one of those would fit, the work
 * waits, and its row says why. What its model is nobody knows then. Prices that may fall and nodes that may still be listed
 * are no reason to keep a customer waiting until the deadline for an answer that is known now.
 */
import { AppError } from '@isochrone/domain'
import type { NodeState } from '@isochrone/protocol'
import {
  constraintRejection,
  contradictionOf,
  type Contradiction,
  type PlacementRequest,
  type ReplicaOffer,
  type ReplicaPool,
} from '@isochrone/scheduler'

/** Nodes that are not linked and are looked at; where there are more, nobody says that none of them fits. */
const AWAY_MAX = 2_000

/** `pool`: the nodes of its model that are linked; `states`: all that the control plane knows. Null: it may wait. */
export function hopelessPolicyOf(
  request: PlacementRequest,
  pool: ReplicaPool | undefined,
  states: Iterable<NodeState>,
): Contradiction | null {
  const found = pool && contradictionOf(request.policy, pool, request)
  if (!found) return null
  const asked = { ...request, modelHash: null, tokensIn: 0, excludeNodeIds: [] }
  let left = AWAY_MAX
  for (const state of states) {
    if (!state.active || pool.slotOf(state.nodeId) !== undefined) continue
    if (left-- === 0 || constraintRejection(offerOfAway(state), asked, pool.tuning) === null) return null
  }
  return found
}

/** As an interactive request with such a policy is refused, for a request that was to be queued. */
export function refusalOf({ field, reason }: Contradiction): AppError {
  const isCap = field.startsWith('max_price')
  return new AppError('invalid_input', {
    field: `routing.${field}`,
    publicMessage: `routing.${reason}.`,
    details: { reason: isCap ? 'price_cap_below_every_price' : 'no_node_inside_the_policy' },
  })
}

/** What law and money say of a node while nothing is known of its engine. */
function offerOfAway({ prices, ...state }: NodeState): ReplicaOffer {
  const { nodeId, providerId, failureDomain, region, country, tier, gpuClass, trust, dataPolicy } = state
  return {
    nodeId,
    providerId,
    failureDomain,
    region,
    country,
    tier,
    gpuClass,
    trust,
    dataPolicy,
    modelHash: '',
    contextTokensMax: 1e9,
    concurrencyMax: 1,
    prices: {
      inPerMtok: Number(prices.inMicroUsdPerMtok),
      cachedPerMtok: Number(prices.cachedMicroUsdPerMtok),
      outPerMtok: Number(prices.outMicroUsdPerMtok),
      inPerGb: Number(prices.inMicroUsdPerGb),
      outPerGb: Number(prices.outMicroUsdPerGb),
    },
  }
}
