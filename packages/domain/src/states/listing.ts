/**
 * A listing on its way to the market. `draft` is edited; `joined` has its node and is edited still; `submitted` waits for its
 * checks, for its stake and for the chain; `live` is on the market. What is withdrawn before that, or retired from it, stays so: the same machine is
 * listed again by another listing, with another token and another key.
 */
import type { StateTable } from '../state-machine.ts'

export type ListingStatus = 'draft' | 'joined' | 'submitted' | 'live' | 'retired' | 'withdrawn'
export type ListingEvent = 'join' | 'submit' | 'reopen' | 'publish' | 'retire' | 'withdraw'

export const listingTransitions: StateTable<ListingStatus, ListingEvent> = {
  draft: { join: 'joined', withdraw: 'withdrawn' },
  joined: { submit: 'submitted', withdraw: 'withdrawn' },
  submitted: { reopen: 'joined', publish: 'live', withdraw: 'withdrawn' },
  live: { retire: 'retired' },
  retired: {},
  withdrawn: {},
}
