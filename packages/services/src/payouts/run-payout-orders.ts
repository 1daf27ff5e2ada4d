/**
 * Carries out what leaves managed payout accounts: one transfer to a wallet, or a transfer and then the stake; and what comes back
 * out of that stake.
 *
 * Safe at every crash point: the token takes an order's authorization once, and the vault takes the order once. One worker
 * has an order at a time. An order never fails, because what was signed for it could be relayed later: it waits.
 */
import { isAppError, toAppError } from '@isochrone/domain'
import { sendRecorded } from '../chain/send-recorded.ts'
import { carryOutRelease } from './release-stake.ts'
import type { PayoutOrderRow, PayoutRoundDeps } from '../ports/payout-store.ts'

const ORDERS_A_ROUND = 20
/** Longer than all that an order waits for; a worker that died with one holds it up for so long. */
const HELD_MS = 600_000
/** Until one that could not be carried out is tried again. */
const RETRY_MS = 5_000

/** How many are done now. */
export async function runPayoutOrders(deps: PayoutRoundDeps): Promise<number> {
  const { store, nowMs } = deps
  let done = 0
  for (let i = 0; i < ORDERS_A_ROUND; i++) {
    const now = nowMs()
    // One at a time: what waits in a queue of ours is held by nobody.
    const order = await store.payouts.holdOpenOrder(new Date(now), new Date(now + HELD_MS))
    if (!order) return done
    try {
      if (await carryOut(deps, order)) done += 1
    } catch (error) {
      if (!isAppError(error)) throw error
      const { publicMessage } = toAppError(error)
      await store.payouts.letGo(order.id, publicMessage, new Date(nowMs() + RETRY_MS))
    }
  }
  return done
}

function carryOut(deps: PayoutRoundDeps, order: PayoutOrderRow): Promise<boolean> {
  switch (order.kind) {
    case 'withdrawal':
      return withdraw(deps, order)
    case 'stake':
      return stake(deps, order)
    case 'release':
      return carryOutRelease(deps, order)
  }
}

async function withdraw({ store, chain }: PayoutRoundDeps, order: PayoutOrderRow): Promise<true> {
  const { id: orderId, providerId, microUsd, toAddress: to } = order
  const about = { purpose: 'payout', subject: orderId }
  const { txHash } = await sendRecorded(store.chain, about, () => chain.payOnce({ providerId, to, microUsd, orderId }))
  await store.payouts.move({ id: orderId, status: 'queued' }, { status: 'done', ...(txHash !== null && { txHash }) })
  return true
}

async function stake({ store, chain }: PayoutRoundDeps, order: PayoutOrderRow): Promise<true> {
  const { id: orderId, providerId, microUsd, toAddress: to } = order
  if (order.status === 'queued') {
    const about = { purpose: 'withhold', subject: orderId }
    const { txHash } = await sendRecorded(store.chain, about, () =>
      chain.payOnce({ providerId, to, microUsd, orderId }),
    )
    const taken = { status: 'taken', ...(txHash !== null && { takenTx: txHash }) } as const
    await store.payouts.move({ id: orderId, status: 'queued' }, taken)
  }
  const about = { purpose: 'stake', subject: orderId }
  const { txHash } = await sendRecorded(store.chain, about, () => chain.stakeOnce({ providerId, microUsd, orderId }))
  await store.payouts.move({ id: orderId, status: 'taken' }, { status: 'done', ...(txHash !== null && { txHash }) })
  return true
}
