/**
 * The routing policy that holds for one request: what it asks for, inside what its organisation allows.
 *
 * An organisation's policy that cannot be read refuses its requests: a residency must not be lost in silence.
 */
import { AppError } from '@isochrone/domain'
import type { OrganisationState } from '@isochrone/protocol'
import {
  mergeRouting,
  needsMask,
  parseRoutingPolicy,
  policyWithFeatures,
  type RoutingPolicy,
  type RoutingWish,
} from '@isochrone/scheduler'
import type { ControlView } from '../../control/control-state.ts'
import type { InferenceRequest } from './parse-request.ts'

/** By identity: the control state has a new object for each change. */
const wishes = new WeakMap<OrganisationState, RoutingWish>()
/** Of requests that ask for nothing: one object, so that its compilation in the pools is found by identity. */
const defaults = new WeakMap<OrganisationState, RoutingPolicy>()

/** Throws `invalid_input` naming the field, `routing.…`, where the request contradicts itself or its organisation. What its engine must be able to do is a constraint too. */
export function routingOf(
  organisation: OrganisationState,
  request: Pick<InferenceRequest, 'routing' | 'suffix' | 'needs'>,
  control: Pick<ControlView, 'nodeById'>,
): RoutingPolicy {
  return policyWithFeatures(wishedOf(organisation, request, control), needsMask(request.needs))
}

function wishedOf(
  organisation: OrganisationState,
  request: Pick<InferenceRequest, 'routing' | 'suffix'>,
  control: Pick<ControlView, 'nodeById'>,
): RoutingPolicy {
  const plain = request.suffix === null && Object.keys(request.routing).length === 0
  const known = plain ? defaults.get(organisation) : undefined
  if (known) return known
  const merged = mergeRouting({
    organisation: organisationWishOf(organisation),
    request: request.routing,
    suffix: request.suffix,
  })
  // People exclude nodes by the id that answers show; an id that is none of a node may be a provider's.
  const policy = { ...merged, exclude: merged.exclude.map((id) => control.nodeById(id)?.nodeId ?? id) }
  if (plain && policy.exclude.length === 0) defaults.set(organisation, policy)
  return policy
}

/** What the organisation itself asks; throws `state_conflict` where it cannot be read. */
export function organisationWishOf(organisation: OrganisationState): RoutingWish {
  let wish = wishes.get(organisation)
  if (wish) return wish
  try {
    wish = parseRoutingPolicy(organisation.routing, 'organisation.routing').policy
  } catch (cause) {
    throw new AppError('state_conflict', {
      publicMessage:
        "Your organisation's routing policy cannot be read by this gateway; save it again in the settings.",
      cause,
    })
  }
  wishes.set(organisation, wish)
  return wish
}
