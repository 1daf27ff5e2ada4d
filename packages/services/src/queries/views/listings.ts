/** What a provider sees of its listings, of the checks of its nodes, and of its stake. */
import type { ListingStatus, Verdict, VerificationStatus } from '@isochrone/domain'
import type { ListingDraft, PriceStep } from '../../listings/listing-draft.ts'
import type { ModelStanding } from '../../listings/model-standing.ts'
import type { Market } from '../../listings/market-prices.ts'
import type { MeasuredNodes } from '../../listings/measured-nodes.ts'
import type { StakeStanding } from '../../listings/stake-standing.ts'
import type { CheckKind } from '../../verification/checks/check-result.ts'
import type { DetectedNode } from './detected-node.ts'

export interface ListingSummary {
  id: string
  status: ListingStatus
  version: number
  /** Of the machine step; null before it. */
  nodeName: string | null
  createdAtMs: number
}

export interface CheckView {
  kind: CheckKind
  /** `unverifiable` also where the verdict has run out. */
  verdict: Verdict
  expired: boolean
  finding: string
  fix: string | null
  simulated: boolean
  checkedAtMs: number
  validUntilMs: number
}

/** With what it was judged by: JSON, as far as the node's owner may read it. */
export interface JudgedCheck extends CheckView {
  inputs: string
}

/** A build that nodes on the market serve: what a name and a hash stand for there. */
export interface KnownModel {
  model: string
  modelHash: string
  nodes: number
  simulated: boolean
}

export interface ChecklistItem {
  step: 'machine' | 'agent' | 'models' | 'prices' | 'promises' | 'stake' | 'checks' | 'chain' | 'market'
  state: 'done' | 'waiting' | 'failed' | 'open'
  text: string
  /** What to do now; null where there is nothing to do. */
  fix: string | null
}

export interface ListingDetail extends ListingSummary {
  draft: ListingDraft
  stake: StakeStanding
  token: { status: 'open' | 'used' | 'expired' | 'revoked'; expiresAtMs: number } | null
  node: DetectedNode | null
  standing: VerificationStatus | null
  checks: CheckView[]
  checklist: ChecklistItem[]
  /** How the models that were chosen compare with what the agent answers for. */
  models: ModelStanding
  /** What other nodes on the market serve, the most frequent first. */
  knownModels: KnownModel[]
  /** What nodes on the market ask that are like this one, by field. */
  market: Market
  /** What the price step begins with. */
  firstPrices: PriceStep
  /** Other live nodes of this hardware class: what their customers' attempts measured. */
  likeNodes: MeasuredNodes
  /** How late this node began when its own agent asked it, ms; null until it has. */
  ownFirstTokenMs: number | null
  /** Of the market's gateways, in order: where promises can be said to hold. */
  gatewayRegions: string[]
}

export interface NodeVerificationView {
  id: string
  name: string
  /** Its key is on the chain; where not, its listing says how far it is. */
  onMarket: boolean
  standing: VerificationStatus
  checkedAtMs: number | null
  dueAtMs: number
  checks: JudgedCheck[]
  /** Those before them, newest first, a few of each kind. */
  earlierChecks: CheckView[]
}

export type ProviderVerification = NodeVerificationView[]

/** All that a provider's own wallet needs to put its stake up. */
export interface WalletStakePlan {
  chainId: number
  rpcUrl: string
  usdc: `0x${string}`
  vault: `0x${string}`
  /** Whose stake it is. */
  providerId: `0x${string}`
  providerName: string
  /** The one that is paid: no other wallet is asked. Lower case. */
  payerAddress: `0x${string}`
  /** What the stake is to be at least, µUSD. */
  goalMicroUsd: bigint
}

export interface StakeView {
  id: string
  microUsd: bigint
  status: 'queued' | 'sent' | 'failed'
  txHash: string | null
  error: string | null
  createdAtMs: number
}
