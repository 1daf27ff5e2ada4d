/** What an organisation has paid in, may spend and has spent. */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ChannelRow, FundingOrderRow } from '../ports/rows.ts'
import type { FundingStore } from '../ports/control-plane-store.ts'
import type { BalanceView, ChannelView, FundingOrderView } from '../queries/views/money.ts'

const DAY_MS = 86_400_000

export async function balanceOf(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { orgId }: { orgId: string },
): Promise<BalanceView> {
  const row = await store.funding.channelOfOrg(orgId)
  const orders = (await store.funding.orders(orgId, 20)).map(orderView)
  if (!row) return { channel: null, movements: [], orders, spentLastDayMicroUsd: 0n }
  const movements = await store.funding.movements(row.id, 100)
  return {
    channel: await channelView(store.funding, row),
    movements: movements.map(({ id, kind, microUsd, txHash, blockNumber, atMs }) => ({
      id,
      kind,
      microUsd,
      txHash,
      blockNumber: Number(blockNumber),
      atMs: Number(atMs),
    })),
    orders,
    spentLastDayMicroUsd: await store.funding.signedSinceMicroUsd(row.id, clock.nowMs() - DAY_MS),
  }
}

export async function channelView(funding: FundingStore, row: ChannelRow): Promise<ChannelView> {
  const signedMicroUsd = await funding.signedMicroUsd(row.id)
  const committed = signedMicroUsd + (await funding.heldMicroUsd(row.id))
  const deposits = row.depositedMicroUsd - row.withdrawnMicroUsd - row.withdrawingMicroUsd
  const limit = deposits < row.ceilingMicroUsd ? deposits : row.ceilingMicroUsd
  return {
    channelId: row.id,
    custody: row.custody,
    ownerAddress: row.ownerAddress,
    depositedMicroUsd: row.depositedMicroUsd,
    withdrawingMicroUsd: row.withdrawingMicroUsd,
    withdrawnMicroUsd: row.withdrawnMicroUsd,
    thawEndsAtMs: row.thawEndsAtS === null ? null : Number(row.thawEndsAtS) * 1_000,
    ceilingMicroUsd: row.ceilingMicroUsd,
    claimedMicroUsd: row.claimedMicroUsd,
    signedMicroUsd,
    availableMicroUsd: limit > committed ? limit - committed : 0n,
  }
}

export function orderView(row: FundingOrderRow): FundingOrderView {
  const known = ['requested', 'sent', 'final', 'failed'] as const
  return {
    id: row.id,
    microUsd: row.microUsd,
    // What the worker calls otherwise is under way.
    status: known.find((status) => status === row.status) ?? 'sent',
    txHash: row.txHash,
    error: row.error,
    createdAtMs: row.createdAt.getTime(),
  }
}
