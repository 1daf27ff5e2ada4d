/**
 * Whether what is stored for an organisation may be stored there: the regions that its own routing policy allows bind
 * stores as they bind nodes.
 *
 * It fails closed: a place whose country nobody said is outside, and where no country is named (`eu-de` alone) only a place
 * of that very name is inside.
 */
import { AppError } from '@isochrone/domain'
import { parseRoutingPolicy, regionAllowed } from '@isochrone/scheduler'
import type { AccountsStore } from '../ports/control-plane-store.ts'

export interface Place {
  /** ISO 3166-1 alpha-2; empty = not said. */
  readonly country: string
  readonly region: string
}

/** Whether a gateway or store there is inside. `DE/eu-de` names a provider's region: of others, Germany is enough. */
export function isInside(residency: readonly string[] | null, place: Place): boolean {
  if (residency === null) return true
  return regionAllowed(
    residency.map((entry) => entry.split('/')[0] ?? ''),
    place,
  )
}

/** Throws `forbidden` where the store is outside. `what` stands there: `'Queued work is kept with its prompt and answer'`. */
export function requireInsideStore(
  residency: readonly string[] | null,
  store: Place,
  words: { what: string; instead: string },
): void {
  if (isInside(residency, store)) return
  const where = store.country === '' ? 'in a country that nobody stated' : `in ${store.country}`
  throw new AppError('forbidden', {
    publicMessage: `${words.what} in a store ${where}, outside your organisation's residency. ${words.instead}`,
  })
}

/** {@link requireInsideStore} by the policy as it is saved; one that cannot be read refuses. */
export async function requireOrgInsideStore(
  accounts: Pick<AccountsStore, 'settings'>,
  orgId: string,
  store: Place,
  words: { what: string; instead: string },
): Promise<void> {
  const { policy } = parseRoutingPolicy((await accounts.settings(orgId))?.routing ?? {}, 'organisation.routing')
  requireInsideStore(policy.regions ?? null, store, words)
}
