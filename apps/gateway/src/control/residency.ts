/**
 * Residency of an organisation: the regions that its own routing policy allows bind gateways and stores as they bind nodes.
 *
 * It fails closed: a place whose country nobody said is outside, a policy that cannot be read refuses, and where no country
 * is named (`eu-de` alone) only a place of that very name is inside.
 */
import { AppError } from '@isochrone/domain'
import type { GatewayState, OrganisationState } from '@isochrone/protocol'
import { isInside, requireInsideStore, type Place } from '@isochrone/services'
import { organisationWishOf } from '../requests/read/routing-of.ts'

export { isInside, type Place }

/** What the caller is told at most. */
const GATEWAYS_NAMED_MAX = 8

/** Null = anywhere. Throws `state_conflict` where the policy cannot be read. */
export function residencyOf(organisation: OrganisationState): readonly string[] | null {
  return organisationWishOf(organisation).regions ?? null
}

/** Throws `misdirected` with the gateways that may serve the organisation, where the one at `here` may not. */
export function requireInside(organisation: OrganisationState, here: Place, gateways: Iterable<GatewayState>): void {
  const residency = residencyOf(organisation)
  if (isInside(residency, here)) return
  const inside = [...gateways].filter((gateway) => isInside(residency, gateway)).slice(0, GATEWAYS_NAMED_MAX)
  const urls = inside.map(({ url }) => url)
  const allowed = (residency ?? []).slice(0, 40).join(', ')
  throw new AppError('misdirected', {
    publicMessage:
      urls.length > 0
        ? `This gateway stands outside your organisation's residency (${allowed}). Send the request to ${urls.join(' or ')}.`
        : `This gateway stands outside your organisation's residency (${allowed}), and no gateway is known inside it.`,
    details: {
      ...(urls[0] !== undefined && { gatewayUrl: urls[0] }),
      gateways: inside.map(({ url, region, country }) => ({ url, region, country })),
    },
  })
}

/** Throws `forbidden` where what is written down of queued work would leave the organisation's residency. */
export function requireStoreInside(organisation: OrganisationState, store: Place): void {
  requireInsideStore(residencyOf(organisation), store, {
    what: 'Queued work is kept with its prompt and answer',
    instead: 'Send the request to be answered at once instead.',
  })
}
