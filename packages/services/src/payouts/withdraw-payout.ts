/** Pays from a managed payout account to a wallet that its owner names: written here, carried out by the worker. */
import { AppError, formatUsd, newId } from '@isochrone/domain'
import type { PayoutDeps, PayoutOrderRow } from '../ports/payout-store.ts'
import { accountStanding } from './account-standing.ts'
import { managedOnly } from './managed-only.ts'
import { refuseLostAddress } from './refuse-lost-address.ts'

export interface PayoutWithdrawal {
  providerId: string
  userId: string
  /** Asking twice with one key is one payment. */
  key: string
  microUsd: bigint
  toAddress: string
}

/** @throws AppError `invalid_input` for more than is free, and for an address where money would be lost. */
export async function withdrawPayout({ store }: PayoutDeps, input: PayoutWithdrawal): Promise<PayoutOrderRow> {
  const { providerId, key, microUsd } = input
  const toAddress = input.toAddress.toLowerCase()
  return store.transaction(async ({ payouts }) => {
    const provider = managedOnly(await payouts.lockProvider(providerId))
    const earlier = await payouts.orderByKey(providerId, key)
    if (earlier) return sameAsAsked(earlier, microUsd, toAddress)
    refuseLostAddress(toAddress, provider)
    const { freeMicroUsd } = accountStanding(await payouts.sums(providerId), provider)
    if (microUsd <= 0n || microUsd > freeMicroUsd) {
      throw new AppError('invalid_input', {
        publicMessage: `More than $0 and at most ${formatUsd(freeMicroUsd)} can be withdrawn now.`,
        field: 'amountUsd',
      })
    }
    const order = { id: newId('wd'), providerId, key, kind: 'withdrawal', microUsd, toAddress } as const
    return payouts.insertOrder({ ...order, requestedBy: input.userId })
  })
}

/** A key that comes with something else: what it did is said, and that nothing was done now. */
function sameAsAsked(order: PayoutOrderRow, microUsd: bigint, toAddress: string): PayoutOrderRow {
  if (order.kind === 'withdrawal' && order.microUsd === microUsd && order.toAddress === toAddress) return order
  throw new AppError('state_conflict', {
    publicMessage: `This same form has asked for ${formatUsd(order.microUsd)} to ${order.toAddress} already, and that stands. Nothing was paid now: look at what left the account before you ask for more.`,
    field: 'key',
  })
}
