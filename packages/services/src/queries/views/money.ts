/** What a team sees of its keys, balance and settings. */
import type { BudgetPeriod } from '@isochrone/domain'

export interface NewKeyBudget {
  period: BudgetPeriod
  microUsd: bigint
}

/** What a key may spend in each period, and what it has in the one that runs. */
export interface KeyBudgetView extends NewKeyBudget {
  /** By receipts on record: gateways may be some seconds ahead. */
  spentMicroUsd: bigint
  /** Never below zero. */
  leftMicroUsd: bigint
  /** When the next period begins; null for a budget that never renews. */
  renewsAtMs: number | null
}

export interface ApiKeyView {
  /** `key_…` */
  id: string
  name: string
  /** First characters of the secret, for recognition. */
  start: string
  enabled: boolean
  createdAtMs: number
  expiresAtMs: number | null
  lastUsedAtMs: number | null
  /** Null: it spends the organisation's balance without a limit of its own. */
  budget: KeyBudgetView | null
  /** Billed through it in this month of UTC. */
  spentThisMonthMicroUsd: bigint
}

/** The only time that the secret is ever shown. */
export interface CreatedApiKey {
  key: ApiKeyView
  /** Null when the same form had made this key before: its secret was in that answer, and nobody has it any more. */
  secret: string | null
}

export interface ChannelView {
  channelId: string
  custody: 'managed' | 'wallet'
  ownerAddress: string
  /** Lifetime totals from the chain. */
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  /** From when what is asked back can leave; null while nothing thaws. */
  thawEndsAtMs: number | null
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  /** Σ of all delivery receipts so far. */
  signedMicroUsd: bigint
  /** min(deposited − withdrawn − withdrawing, ceiling) − signed, never below zero. */
  availableMicroUsd: bigint
}

export interface MovementView {
  id: string
  kind: 'deposit' | 'ceiling' | 'claim' | 'withdrawal_requested' | 'withdrawal' | 'refund' | 'credit'
  microUsd: bigint
  txHash: string
  blockNumber: number
  atMs: number
}

export interface FundingOrderView {
  id: string
  microUsd: bigint
  status: 'requested' | 'sent' | 'final' | 'failed'
  txHash: string | null
  error: string | null
  createdAtMs: number
}

export interface BalanceView {
  channel: ChannelView | null
  /** Newest first, at most 100. */
  movements: MovementView[]
  /** Newest first, at most 20. */
  orders: FundingOrderView[]
  /** Σ receipts of the last 24 h. */
  spentLastDayMicroUsd: bigint
}

/** All that a browser wallet needs to open, fund and cap a channel of this organisation. */
export interface WalletChannelPlan {
  chainId: number
  rpcUrl: string
  usdc: `0x${string}`
  paymentChannels: `0x${string}`
  channelId: `0x${string}`
  salt: `0x${string}`
  ownerAddress: `0x${string}`
  /** Lifetime ceiling before this top-up, from the chain as last indexed. */
  ceilingMicroUsd: bigint
  depositedMicroUsd: bigint
  /** For `eth_signTypedData_v4`: Ceiling(channelId, old ceiling + amount). */
  ceiling: {
    amountMicroUsd: bigint
    typedData: {
      domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` }
      types: Record<string, { name: string; type: string }[]>
      primaryType: string
      message: Record<string, unknown>
    }
  }
}
