/** Takes submitted listings to the market once their checks and their stake allow it, and back to their owner where a check is invalid. */
import { listingTransitions, transition } from '@isochrone/domain'
import type { ListingRow, ListingStore } from '../ports/listing-store.ts'
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

const LISTINGS_A_ROUND = 100

/** How many were handed to the chain or came back. */
export async function publishListings({ store }: PublishDeps): Promise<number> {
  let moved = 0
  for (const row of await store.listings.withStatus('submitted', LISTINGS_A_ROUND)) {
    if (await store.transaction((tx) => moveOn(tx, row))) moved += 1
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
