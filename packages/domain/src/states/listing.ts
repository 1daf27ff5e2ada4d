/**
 * A listing on its way to the market. `draft` is edited; `joined` has its node and is edited still; `submitted` waits for its
 * checks and for the chain; `live` is on the market. What is withdrawn stays so: another listing takes another token.
 */
import type { StateTable } from '../state-machine.ts'

export type ListingStatus = 'draft' | 'joined' | 'submitted' | 'live' | 'withdrawn'
export type ListingEvent = 'join' | 'submit' | 'reopen' | 'publish' | 'withdraw'

export const listingTransitions: StateTable<ListingStatus, ListingEvent> = {
  draft: { join: 'joined', withdraw: 'withdrawn' },
  joined: { submit: 'submitted', withdraw: 'withdrawn' },
  submitted: { reopen: 'joined', publish: 'live', withdraw: 'withdrawn' },
  live: {},
  withdrawn: {},
}
