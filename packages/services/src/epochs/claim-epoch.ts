/**
 * Claims an anchored epoch's vouchers. The epoch counts as claimed once each of them is paid in the confirmed chain, or
 * known not to be payable now; what a channel is short of is tried again after a top-up.
 */
import type { Hex } from '@isochrone/protocol'
import type { EpochRow, StoredVoucher } from '../ports/epoch-store.ts'
import { claimVouchers, keyOf, retryableSkips } from './claim-vouchers.ts'
import { laneRooms } from './lane-rooms.ts'
import type { SettlementDeps } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'epochs' | 'chain' | 'transactions'>

const VOUCHERS_A_ROUND = 500

/** True once it is claimed as far as can be. */
export async function claimEpoch(deps: Deps, row: EpochRow): Promise<boolean> {
  if (row.status !== 'anchored') return row.status !== 'closed'
  const { lane, epoch } = row
  // An older rest goes first: this epoch's voucher would draw it into the wrong epoch.
  await claimByEpoch(deps, await deps.epochs.skippedBefore(lane, epoch, retryableSkips))
  const claimedTx = await claimVouchers(deps, await deps.epochs.vouchers(lane, epoch))
  const vouchers = await deps.epochs.vouchers(lane, epoch)
  for (const voucher of vouchers) {
    if (voucher.skippedReason === null && !(await isPaid(deps, voucher))) return false
  }
  const payableAtS = await graceEndOf(deps, row, vouchers)
  return deps.epochs.advance(lane, epoch, 'anchored', 'claimed', {
    ...(claimedTx !== undefined && { claimedTx }),
    ...(payableAtS > 0n && { payableAtS }),
  })
}

/** Tries vouchers again whose channels have been topped up since. */
export async function claimRests(deps: Deps): Promise<void> {
  await claimByEpoch(deps, await deps.epochs.skippedWithRoom(retryableSkips, VOUCHERS_A_ROUND))
}

/** Oldest first, as they come; what was paid out before has something to pay out again. */
export async function claimByEpoch(deps: Deps, vouchers: readonly StoredVoucher[]): Promise<void> {
  const rooms = laneRooms(deps)
  for (const ofEpoch of Map.groupBy(vouchers, ({ lane, epoch }) => `${lane}:${epoch}`).values()) {
    const claimedTx = await claimVouchers(deps, ofEpoch, rooms)
    const [first] = ofEpoch
    if (claimedTx !== undefined && first) await deps.epochs.reopenSettled(first.lane, first.epoch)
  }
}

/** Paid in full, in a block that counts as confirmed. */
export async function isPaid(deps: Pick<Deps, 'chain'>, voucher: StoredVoucher): Promise<boolean> {
  return (await deps.chain.confirmed.claimedOf(keyOf(voucher))) >= voucher.cumulativeMicroUsd
}

async function graceEndOf(deps: Deps, row: EpochRow, vouchers: readonly StoredVoucher[]): Promise<bigint> {
  let last = 0
  for (const providerId of new Set(vouchers.map((voucher) => voucher.providerId as Hex))) {
    const { graceEndsAtS } = await deps.chain.confirmed.pendingOf(pendingKeyOf(row, providerId))
    last = Math.max(last, graceEndsAtS)
  }
  return BigInt(last)
}

/** The chain's name of what a provider is owed for an epoch. */
export function pendingKeyOf({ lane, epoch }: Pick<EpochRow, 'lane' | 'epoch'>, providerId: Hex) {
  return { providerId, lane: lane as Hex, epoch: Number(epoch) }
}
