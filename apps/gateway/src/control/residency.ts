/**
 * Residency of an organisation: the regions that its own routing policy allows bind gateways and stores as they bind nodes.
 *
 * It fails closed: a place whose country nobody said is outside, a policy that cannot be read refuses, and where no country
 * is named (`eu-de` alone) only a place of that very name is inside.
 */
import { AppError } from '@isochrone/domain'
import type { GatewayState, OrganisationState } from '@isochrone/protocol'
import { regionAllowed } from '@isochrone/scheduler'
import { organisationWishOf } from '../requests/routing-of.ts'

export interface Place {
  /** ISO 3166-1 alpha-2; empty = not said. */
  readonly country: string
  readonly region: string
}

/** What the caller is told at most. */
const GATEWAYS_NAMED_MAX = 8

/** Null = anywhere. Throws `state_conflict` where the policy cannot be read. */
export function residencyOf(organisation: OrganisationState): readonly string[] | null {
  return organisationWishOf(organisation).regions ?? null
}

/** Whether a gateway or store there is inside. `DE/eu-de` names a provider's region: of others, Germany is enough. */
export function isInside(residency: readonly string[] | null, place: Place): boolean {
  if (residency === null) return true
  return regionAllowed(
    residency.map((entry) => entry.split('/')[0] ?? ''),
    place,
  )
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
  if (isInside(residencyOf(organisation), store)) return
  const where = store.country === '' ? 'in a country that nobody stated' : `in ${store.country}`
  throw new AppError('forbidden', {
    publicMessage: `Queued work is kept with its prompt and answer in a store ${where}, outside your organisation's residency. Send the request to be answered at once instead.`,
  })
}
