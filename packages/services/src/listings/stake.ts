/**
 * Stake of a provider through the platform's managed account: asked for in the web app, carried out by the worker. An order names what the
 * stake is to be, not what is added; and the vault takes an order once, so that a worker that does not know whether its transaction
 * was included may send another.
 */
import { AppError, newId } from '@isochrone/domain'
import { carryOutOrders } from '../chain/carry-out-orders.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingStore, StakeChain, StakeOrderRow } from '../ports/listing-store.ts'

/** What has to stand behind a provider before its machines are leased, µUSD. */
export const STAKE_MIN_MICRO_USD = 100_000_000n
export const STAKE_MAX_MICRO_USD = 1_000_000_000_000n
const ORDERS_A_ROUND = 50

export async function requestStake(
  { store }: Pick<ControlPlaneDeps, 'store'>,
  input: { providerId: string; userId: string; microUsd: bigint },
): Promise<StakeOrderRow> {
  const { providerId, userId, microUsd } = input
  refuseStakeSize(microUsd)
  if ((await store.payouts.provider(providerId))?.payoutCustody !== 'managed') {
    throw new AppError('state_conflict', {
      publicMessage:
        'Your payouts go to your own wallet: stake from it. The platform stakes for managed accounts alone.',
    })
  }
  const row = await store.listings.insertStakeOrder({ id: newId('stake'), providerId, microUsd, requestedBy: userId })
  if (!row) {
    throw new AppError('state_conflict', { publicMessage: 'A stake of yours is on its way to the chain. Wait for it.' })
  }
  return row
}

/** @throws AppError `invalid_input`. */
export function refuseStakeSize(microUsd: bigint): void {
  if (microUsd < STAKE_MIN_MICRO_USD || microUsd > STAKE_MAX_MICRO_USD) {
    throw new AppError('invalid_input', {
      publicMessage: 'A stake is at least $100 and at most $1,000,000.',
      field: 'stakeUsd',
    })
  }
}

/** How many orders were sent. Stops at the first one when the chain is away. */
export async function runStakeOrders({ store, chain }: { store: ListingStore; chain: StakeChain }): Promise<number> {
  return await carryOutOrders(
    await store.openStakeOrders(ORDERS_A_ROUND),
    async ({ id, providerId, microUsd }) => {
      const missing = microUsd - (await chain.stakeOf(providerId))
      const added = { subject: providerId, microUsd: missing, orderId: id }
      const { txHash } = missing > 0n ? await chain.stakeOnce(added) : { txHash: null }
      await store.endStakeOrder({ id, status: 'sent', txHash, error: null })
    },
    ({ id }, error) => store.endStakeOrder({ id, status: 'failed', txHash: null, error }),
  )
}
