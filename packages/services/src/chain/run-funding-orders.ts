/**
 * Carries out top-ups of managed channels: open the channel, deposit, raise the ceiling by the same amount.
 *
 * Safe at every crash point: a deposit is bound to its order by the token contract itself (ERC-3009 nonce), opening and
 * raising are safe to repeat, and an order is final only after all three.
 */
import type { Hex } from '@isochrone/protocol'
import type { ChainReads, ManagedWalletChain } from '../ports/chain-port.ts'
import type { FundingOrderRow, FundingStore } from '../ports/chain-store.ts'
import { carryOutOrders } from './carry-out-orders.ts'
import { sendRecorded } from './send-recorded.ts'

export interface FundingDeps {
  store: FundingStore
  chain: ChainReads
  wallet: ManagedWalletChain
}

const ORDERS_A_ROUND = 50

/** How many orders became final. Stops at the first one when the chain is away or takes no deposits: they wait. */
export async function runFundingOrders(deps: FundingDeps): Promise<number> {
  const { store } = deps
  return await carryOutOrders(
    await store.openFundingOrders(ORDERS_A_ROUND),
    (order) => carryOut(deps, order),
    ({ id }, error) => store.updateFundingOrder(id, { status: 'failed', error }),
  )
}

async function carryOut({ store, chain, wallet }: FundingDeps, order: FundingOrderRow): Promise<void> {
  const channel = await store.channelOfOrg(order.orgId)
  if (channel === null || channel.custody !== 'managed' || channel.ownerAddress.toLowerCase() !== wallet.address) {
    const error = 'The organisation has no channel that the platform manages.'
    await store.updateFundingOrder(order.id, { status: 'failed', error })
    return
  }
  const channelId = channel.id as Hex
  const { id: orderId, microUsd } = order
  if ((await chain.channel(channelId)) === null) {
    await sendRecorded(store, { purpose: 'open', subject: channelId }, () => wallet.openChannel(channel.salt as Hex))
  }
  await store.updateFundingOrder(orderId, { status: 'sent' })
  const { txHash } = await sendRecorded(store, { purpose: 'deposit', subject: orderId }, () =>
    wallet.depositOnce({ channelId, microUsd, orderId }),
  )
  const state = await chain.channel(channelId)
  if (state !== null && state.ceiling < state.deposited) {
    await sendRecorded(store, { purpose: 'ceiling', subject: channelId }, () =>
      wallet.raiseCeiling({ channelId, microUsd: state.deposited }),
    )
  }
  await store.updateFundingOrder(orderId, { status: 'final', ...(txHash !== null && { txHash }), error: null })
}
