/** What a provider sees of its nodes, join tokens and earnings. */
import type { RecountView } from './recounts.ts'
import type { Prices } from '@isochrone/domain'
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'
import type { OfferMeasurements, OfferModel } from './marketplace.ts'

export interface ProviderView {
  /** bytes32 on-chain id. */
  providerId: string
  name: string
  ownerAddress: string
  payoutAddress: string
  /** managed: an account of its own, whose key the platform holds. */
  payoutCustody: 'wallet' | 'managed'
  feeBps: number
  /** Null until the registration is on the chain. */
  registeredTx: string | null
  createdAtMs: number
}

export interface ProviderOverview {
  provider: ProviderView
  nodesTotal: number
  nodesLive: number
  attemptsLastDay: number
  faultsLastDay: number
  /** Of the attempts: declined because more prompts waited there than might. */
  declinesLastDay: number
  tokensOutLastDay: number
  /** Σ receipts of all time, less what was refunded for tokens that were recounted. */
  earnedMicroUsd: bigint
  /** Paid out on-chain, net of the fee, and the fee itself. */
  paidNetMicroUsd: bigint
  paidFeeMicroUsd: bigint
  /** Earned and not yet settled. */
  pendingMicroUsd: bigint
  /** Of its nodes, newest first, at most 50. */
  recounts: RecountView[]
}

export interface ProviderNode {
  id: string
  nodeId: string
  name: string
  status: 'joining' | 'active' | 'revoked'
  region: string
  country: string
  failureDomain: string
  simulated: boolean
  tier: Tier
  dataPolicy: DataPolicy
  trust: TrustLevel
  gpuClass: string
  hardware: string
  models: OfferModel[]
  prices: Prices
  termsHash: string
  keyTx: string | null
  live: boolean
  measured: OfferMeasurements | null
  attemptsLastDay: number
  faultsLastDay: number
  /** Of the attempts: declined because more prompts waited there than might. */
  declinesLastDay: number
  earnedLastDayMicroUsd: bigint
  createdAtMs: number
}

export interface JoinTokenView {
  id: string
  nodeName: string
  region: string
  country: string
  tier: Tier
  dataPolicy: DataPolicy
  prices: Prices
  status: 'open' | 'used' | 'expired' | 'revoked'
  usedByNodeId: string | null
  createdAtMs: number
  expiresAtMs: number
}

/** The token is shown once; only its hash is kept. */
export interface CreatedJoinToken {
  token: string
  joinToken: JoinTokenView
}

export interface EarningsEpoch {
  lane: string
  epoch: number
  status: 'closed' | 'anchored' | 'claimed' | 'settled'
  closedAtMs: number
  receipts: number
  /** Σ receipts of this provider in the epoch. */
  earnedMicroUsd: bigint
  anchoredTx: string | null
  claimedTx: string | null
  settledTx: string | null
  payableAtMs: number | null
}

export interface PayoutView {
  epoch: number
  grossMicroUsd: bigint
  feeMicroUsd: bigint
  netMicroUsd: bigint
  txHash: string
  atMs: number
}

export interface EarningsView {
  /** Newest first, at most 200. */
  epochs: EarningsEpoch[]
  payouts: PayoutView[]
  /** Signed since the last closed epoch. */
  openMicroUsd: bigint
}
