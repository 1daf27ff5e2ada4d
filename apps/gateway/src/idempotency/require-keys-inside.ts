/** What an idempotency key leaves in the store is made of prompt and answer: it stays inside the organisation's residency. */
import type { OrganisationState } from '@isochrone/protocol'
import { requireInsideStore } from '@isochrone/services'
import { residencyOf, type Place } from '../control/residency.ts'

/** Throws `forbidden` where the store is outside, `state_conflict` where the policy cannot be read. */
export function requireKeysInside(organisation: OrganisationState, store: Place): void {
  requireInsideStore(residencyOf(organisation), store, {
    what: 'What is answered under an Idempotency-Key is kept, sealed,',
    instead: 'Send the request without the key instead.',
  })
}
