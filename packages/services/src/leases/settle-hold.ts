/**
 * Gives back what is held for a lease and was never agreed: an extension whose transaction did not end well.
 *
 * Under the row's lock, so that no extension is under way, and only from what was seen, so that what was held since stays.
 */
import { leaseOver } from '@isochrone/domain'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { LeaseBudget } from '../ports/lease-store.ts'

export interface SettleHoldDeps {
  store: Pick<ControlPlaneStore, 'transaction'>
  budget: Pick<LeaseBudget, 'lower'>
}

/** @param seenMicroUsd held and paid together, as it was seen. */
export async function settleHold(
  { store, budget }: SettleHoldDeps,
  { leaseId, seenMicroUsd }: { leaseId: string; seenMicroUsd: bigint },
): Promise<void> {
  await store.transaction(async ({ leases }) => {
    const lease = await leases.lock(leaseId)
    // Of one that is over nothing is held: whoever ends it takes all of it away.
    if (!lease || leaseOver(lease.status) || lease.reservedMicroUsd >= seenMicroUsd) return
    const { channelId, reservedMicroUsd: toMicroUsd } = lease
    await budget.lower({ channelId, leaseId, fromMicroUsd: seenMicroUsd, toMicroUsd })
  })
}
