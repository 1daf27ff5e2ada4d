/**
 * A person tops up a managed channel: the order is written here, the worker mints (development), deposits and raises
 * the ceiling. The first order gives the organisation its channel. The caller's key makes it safe to ask again.
 */
import { AppError, newId, usdFromMicroUsd } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { FundingOrderView } from '../queries/views/money.ts'
import { orderView } from './balance.ts'
import { ownedIdOf, saltOf } from './owned-id.ts'

const OPEN_ORDERS_MAX = 10

export interface FundingWish {
  orgId: string
  userId: string
  microUsd: bigint
  /** Asking twice with one key is one order; for another amount the key is refused. */
  key: string
}

/** Throws `state_conflict` where a wallet pays, `rate_limited` while too many are under way. */
export async function requestFunding(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream' | 'chain'>,
  { orgId, userId, microUsd, key }: FundingWish,
): Promise<FundingOrderView> {
  const order = await commitAndPublish(deps, async (tx) => {
    const earlier = await tx.funding.orderByKey(orgId, key)
    if (earlier) return earlier
    const channel = await tx.funding.channelOfOrg(orgId)
    if (channel?.custody === 'wallet') {
      throw new AppError('state_conflict', {
        publicMessage: 'This organisation pays from its own wallet: deposit from there.',
      })
    }
    if ((await tx.funding.openOrders(orgId)) >= OPEN_ORDERS_MAX) {
      throw new AppError('rate_limited', {
        publicMessage: `There are ${OPEN_ORDERS_MAX} top-ups under way. Wait until one is done.`,
        retryAfterS: 10,
      })
    }
    if (!channel) {
      const salt = saltOf('channel', orgId)
      const ownerAddress = deps.chain.managedOwnerAddress
      await tx.funding.insertChannel({
        id: ownedIdOf(ownerAddress, salt),
        orgId,
        custody: 'managed',
        ownerAddress,
        salt,
      })
      await recordControlChange(tx.control, { orgIds: [orgId] })
    }
    const inserted = await tx.funding.insertOrder({ id: newId('dep'), orgId, key, microUsd, requestedBy: userId })
    return inserted ?? (await tx.funding.orderByKey(orgId, key))
  })
  if (!order) throw new AppError('internal', { publicMessage: 'The order was not stored.' })
  if (order.microUsd === microUsd) return orderView(order)
  throw new AppError('state_conflict', {
    publicMessage: `This same form has ordered $${usdFromMicroUsd(order.microUsd)} already. Look at your orders before you order more.`,
    field: 'key',
  })
}
