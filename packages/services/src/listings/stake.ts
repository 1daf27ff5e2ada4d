/**
 * Stake of a provider through the platform's managed account: asked for in the web app, carried out by the worker. An order names what the
 * stake is to be, not what is added, so that doing it twice adds nothing twice.
 */
import { AppError, newId } from '@isochrone/domain'
import { carryOutOrders } from '../chain/carry-out-orders.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListingStore, StakeChain, StakeOrderRow } from '../ports/listing-store.ts'

const STAKE_MICRO_USD_MAX = 1_000_000_000_000n
const ORDERS_A_ROUND = 50

export async function requestStake(
  { store }: Pick<ControlPlaneDeps, 'store'>,
  input: { providerId: string; userId: string; microUsd: bigint },
): Promise<StakeOrderRow> {
  const { providerId, userId, microUsd } = input
  if (microUsd <= 0n || microUsd > STAKE_MICRO_USD_MAX) {
    throw new AppError('invalid_input', {
      publicMessage: 'A stake is more than $0 and at most $1,000,000.',
      field: 'stakeUsd',
    })
  }
  const row = await store.listings.insertStakeOrder({ id: newId('stake'), providerId, microUsd, requestedBy: userId })
  if (!row) {
    throw new AppError('state_conflict', { publicMessage: 'A stake of yours is on its way to the chain. Wait for it.' })
  }
  return row
}

/** How many orders were sent. Stops at the first one when the chain is away. */
export async function runStakeOrders({ store, chain }: { store: ListingStore; chain: StakeChain }): Promise<number> {
  return await carryOutOrders(
    await store.openStakeOrders(ORDERS_A_ROUND),
    async ({ id, providerId, microUsd }) => {
      const missing = microUsd - (await chain.stakeOf(providerId))
      const added = { subject: providerId, microUsd: missing }
      const { txHash } = missing > 0n ? await chain.addStake(added) : { txHash: null }
      await store.endStakeOrder({ id, status: 'sent', txHash, error: null })
    },
    ({ id }, error) => store.endStakeOrder({ id, status: 'failed', txHash: null, error }),
  )
}
