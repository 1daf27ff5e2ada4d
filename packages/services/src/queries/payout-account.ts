/** A managed payout account as its provider sees it. Money is µUSD. */
import type { Hex } from '@isochrone/protocol'
import { STAKE_MIN_MICRO_USD } from '../listings/stake.ts'
import { accountStanding, WITHHELD_BPS } from '../payouts/account-standing.ts'
import type { PayoutDeps, PayoutOrderRow, PayoutOrderKind, PayoutOrderStatus } from '../ports/payout-store.ts'

export interface PayoutOrderView {
  id: string
  kind: PayoutOrderKind
  microUsd: bigint
  toAddress: string
  status: PayoutOrderStatus
  /** Of the money's way out of the account to the vault; of a withdrawal `txHash` is all. */
  takenTx: string | null
  txHash: string | null
  /** Why it waits. */
  error: string | null
  createdAtMs: number
}

export interface PayoutAccountView {
  address: Hex
  /** All that was paid to it, net of the fee. */
  paidMicroUsd: bigint
  withdrawnMicroUsd: bigint
  withheldMicroUsd: bigint
  balanceMicroUsd: bigint
  /** Of the balance: goes into the stake next. */
  heldMicroUsd: bigint
  /** Of the balance: can be withdrawn. */
  freeMicroUsd: bigint
  /** Null: nothing is withheld. */
  withholding: {
    targetMicroUsd: bigint
    stakeMicroUsd: bigint
    shareBps: number
    /** As long as it is not, machines take requests and no leases. */
    full: boolean
    /** It is on its way back to its owner. */
    releasing: boolean
  } | null
  /** The least that may be withheld for, or staked. */
  stakeMinMicroUsd: bigint
  /** Newest first, at most 50. */
  orders: PayoutOrderView[]
}

/** Stake that a provider's own wallet put up. */
export interface WalletStakeView {
  /** The wallet that is paid, and that has its stake back. */
  address: Hex
  /** Backs work begun now; what thaws does not. µUSD. */
  stakeMicroUsd: bigint
  /** It is on its way back to its owner. */
  releasing: boolean
  /** Newest first, at most 50. */
  orders: PayoutOrderView[]
}

const ORDERS_SHOWN = 50

/** Null where the provider's own wallet is paid. */
export async function payoutAccount({ store }: PayoutDeps, providerId: string): Promise<PayoutAccountView | null> {
  const provider = await store.payouts.provider(providerId)
  if (provider?.payoutCustody !== 'managed') return null
  const [sums, orders] = await Promise.all([
    store.payouts.sums(providerId),
    store.payouts.orders(providerId, ORDERS_SHOWN),
  ])
  const { balanceMicroUsd, heldMicroUsd, freeMicroUsd } = accountStanding(sums, provider)
  const { stakeTargetMicroUsd: targetMicroUsd, stakeMicroUsd } = provider
  return {
    address: provider.payoutAddress as Hex,
    paidMicroUsd: sums.paidMicroUsd,
    withdrawnMicroUsd: sums.withdrawnMicroUsd,
    withheldMicroUsd: sums.stakedMicroUsd,
    balanceMicroUsd,
    heldMicroUsd,
    freeMicroUsd,
    withholding:
      targetMicroUsd === null
        ? null
        : {
            targetMicroUsd,
            stakeMicroUsd,
            shareBps: Number(WITHHELD_BPS),
            full: stakeMicroUsd >= targetMicroUsd,
            releasing: sums.isReleasing,
          },
    stakeMinMicroUsd: STAKE_MIN_MICRO_USD,
    orders: orders.map(payoutOrderView),
  }
}

export function payoutOrderView(row: PayoutOrderRow): PayoutOrderView {
  const { id, kind, microUsd, toAddress, status, takenTx, txHash, error, createdAt } = row
  return { id, kind, microUsd, toAddress, status, takenTx, txHash, error, createdAtMs: createdAt.getTime() }
}

/** Null where the provider is paid to a managed account. */
export async function walletStake({ store }: PayoutDeps, providerId: string): Promise<WalletStakeView | null> {
  const provider = await store.payouts.provider(providerId)
  if (provider?.payoutCustody !== 'wallet') return null
  const { isReleasing: releasing } = await store.payouts.sums(providerId)
  const orders = await store.payouts.orders(providerId, ORDERS_SHOWN)
  const { payoutAddress, stakeMicroUsd } = provider
  return { address: payoutAddress as Hex, stakeMicroUsd, releasing, orders: orders.map(payoutOrderView) }
}
