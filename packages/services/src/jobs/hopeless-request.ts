/**
 * Whether queued work would wait for nothing: no node that the marketplace has fits its policy, or could serve what it asks
 * for, whatever the load.
 *
 * A node that is admitted and not linked now may come back, and a queue is for that: while one of those would fit, the work
 * waits, and its row says why. What its model is nobody knows then. Prices that may fall and nodes that may still be listed
 * are no reason to keep a customer waiting until the deadline for an answer that is known now.
 */
import { AppError, featureNames } from '@isochrone/domain'
import type { NodeState } from '@isochrone/protocol'
import {
  constraintRejection,
  contradictionOf,
  unfitReason,
  type Contradiction,
  type PlacementRequest,
  type ReplicaOffer,
  type ReplicaPool,
  type RoutingPolicy,
  type UnfitReason,
} from '@isochrone/scheduler'

/** Nodes that are not linked and are looked at; where there are more, nobody says that none of them fits. */
const AWAY_MAX = 2_000

/**
 * The refusal, as an interactive request gets it; null: it may wait.
 *
 * @param pool the nodes of its model that are linked
 * @param away nodes that are admitted and not linked: what their engines serve is not known
 * @param lengthField names what is too long for every context
 */
export function hopelessRefusal(
  request: PlacementRequest,
  pool: ReplicaPool | undefined,
  away: Iterable<NodeState>,
  lengthField?: string,
): AppError | null {
  const refusal = pool && refusalNow(request, pool, lengthField)
  if (!refusal) return null
  const asked = { ...request, modelHash: null, tokensIn: 0, excludeNodeIds: [] }
  let left = AWAY_MAX
  for (const state of away) {
    if (!state.active) continue
    if (left-- === 0 || constraintRejection(offerOfAway(state), asked, pool.tuning) === null) return null
  }
  return refusal
}

/** Read only where it comes to that: there may be many. */
export function* notLinked(
  states: Iterable<NodeState>,
  linked: { has(nodeId: NodeState['nodeId']): boolean },
): Iterable<NodeState> {
  for (const state of states) if (!linked.has(state.nodeId)) yield state
}

function refusalNow(request: PlacementRequest, pool: ReplicaPool, lengthField?: string): AppError | null {
  const contradiction = contradictionOf(request.policy, pool, request)
  if (contradiction) return refusalOf(contradiction)
  // Nodes that failed it may serve it again: they are no reason to refuse it.
  const reason = unfitReason(pool, { ...request, modelHash: null, excludeNodeIds: [] })
  return reason && unfitRefusal(reason, request.policy, { lengthField })
}

/** What no node inside the policy could serve, whatever its load. `details`: what goes with the refusal. */
export function unfitRefusal(
  reason: UnfitReason,
  { features = 0 }: Pick<RoutingPolicy, 'features'>,
  { lengthField, details = {} }: { lengthField?: string | undefined; details?: Record<string, unknown> },
): AppError {
  if (reason === 'unsupported') {
    const asked = featureNames(features).join(', ')
    return new AppError('invalid_input', {
      publicMessage: `No node inside what the request and your organisation allow can do what it asks for: ${asked}.`,
      details: { reason: 'unsupported_field', ...details },
    })
  }
  return new AppError('invalid_input', {
    publicMessage:
      'Prompt and requested completion are longer than the context of every node that may serve this request.',
    ...(lengthField !== undefined && { field: lengthField }),
    details: { reason: 'context_length_exceeded', ...details },
  })
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
