/** Takes submitted listings to the market once their checks and their stake allow it, and back to their owner where a check is invalid. */
import { listingTransitions, transition } from '@isochrone/domain'
import type { ListingPlace, ListingRow, ListingStore } from '../ports/listing-store.ts'
import type { VerificationNodes, VerificationStore } from '../ports/verification-store.ts'
import { isStakeArranged, stakeStanding, type StakeRooms } from './stake-standing.ts'

interface Rooms {
  listings: ListingStore
  verification: VerificationStore
  providers: VerificationNodes
  payouts: StakeRooms['payouts']
}

export interface PublishDeps {
  store: Rooms & { transaction<T>(work: (tx: Rooms) => Promise<T>): Promise<T> }
}

const LISTINGS_A_PAGE = 100
const PAGES_A_ROUND = 10

/** Where the last round ended. The next one goes on behind it, so that rows which wait for their stake hold up nobody. */
export interface PublishPlace {
  after: ListingPlace | null
}

/**
 * How many were handed to the chain or came back.
 *
 * @param place Of the rounds before, and moved on by this one; new, it begins with those that have waited longest.
 */
export async function publishListings({ store }: PublishDeps, place: PublishPlace = { after: null }): Promise<number> {
  let moved = 0
  for (let page = 0; page < PAGES_A_ROUND; page++) {
    const rows = await store.listings.withStatus('submitted', LISTINGS_A_PAGE, place.after)
    // Before they are looked at: one that fails the round fails it once in a turn, not for all behind it.
    place.after = rows.length < LISTINGS_A_PAGE ? null : (rows.at(-1) ?? null)
    for (const row of rows) {
      if (await store.transaction((tx) => moveOn(tx, row))) moved += 1
    }
    if (place.after === null) break
  }
  return moved
}

async function moveOn(tx: Rooms, row: ListingRow): Promise<boolean> {
  const { id, version, status, nodeId, keyProof } = row
  if (!nodeId || !keyProof) return false
  const node = await tx.providers.node(nodeId)
  if (node?.status === 'active') {
    return tx.listings.update({ id, version, status }, { status: transition(listingTransitions, status, 'publish') })
  }
  const [standing] = await tx.verification.standing([nodeId])
  // Checked since it was submitted: an older verdict is of other terms.
  if (!standing?.checkedAt || standing.checkedAt < row.updatedAt) return false
  if (standing.status === 'failed') {
    return tx.listings.update({ id, version, status }, { status: transition(listingTransitions, status, 'reopen') })
  }
  // Asked for is not staked: it waits here until the vault has it, and its checklist says so.
  if (!node || !isStakeArranged(await stakeStanding(tx, node.providerId))) return false
  await tx.listings.admit({ id, nodeId, keyProof })
  return false
}
