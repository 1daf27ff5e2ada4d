/** What a provider sees of its listings, of the checks of its nodes, and of its stake. */
import type { ListingStatus, Verdict, VerificationStatus } from '@isochrone/domain'
import type { ListingDraft, PriceStep } from '../../listings/listing-draft.ts'
import type { CheckKind } from '../../verification/checks/check-result.ts'
import type { OfferModel } from './marketplace.ts'

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

export interface DetectedNode {
  /** `node_…` */
  id: string
  nodeId: string
  status: 'joining' | 'active' | 'revoked'
  hardware: string
  cpuModel: string
  cpuCores: number
  memoryMib: number
  gpuClass: string
  gpus: { name: string; count: number; memoryMib: number; uuids: number }[]
  os: string
  agentVersion: string
  /** Null until the agent runs: it says what it serves when it starts. */
  models: OfferModel[] | null
}

export interface ChecklistItem {
  step: 'machine' | 'agent' | 'prices' | 'promises' | 'checks' | 'chain' | 'market'
  state: 'done' | 'waiting' | 'failed' | 'open'
  text: string
  /** What to do now; null where there is nothing to do. */
  fix: string | null
}

export interface ListingDetail extends ListingSummary {
  draft: ListingDraft
  token: { status: 'open' | 'used' | 'expired' | 'revoked'; expiresAtMs: number } | null
  node: DetectedNode | null
  standing: VerificationStatus | null
  checks: CheckView[]
  checklist: ChecklistItem[]
  /** µUSD of nodes on the market, by field, ascending. */
  market: Record<keyof PriceStep, bigint[]>
  /** Of live nodes of this hardware class: what their customers' attempts measured. */
  likeNodes: { nodes: number; ttftP95Ms: number | null; tokensPerSecond: number | null }
}

export interface NodeVerificationView {
  id: string
  name: string
  standing: VerificationStatus
  checkedAtMs: number | null
  dueAtMs: number
  checks: CheckView[]
}

export type ProviderVerification = NodeVerificationView[]

export interface StakeView {
  id: string
  microUsd: bigint
  status: 'queued' | 'sent' | 'failed'
  txHash: string | null
  error: string | null
  createdAtMs: number
}
