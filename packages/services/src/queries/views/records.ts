/** Performance records and the claims that they release, as pages show them. */
import type { EpochStatus, RecordStatus } from '@isochrone/domain'
import type { TermsView } from './requests.ts'
import type { NodeRef } from './node-ref.ts'

export interface RecordSummary {
  nodeId: string
  node: NodeRef | null
  lane: string
  epoch: number
  /** One more each time that an invalid record was replaced. */
  version: number
  status: RecordStatus
  providerId: string
  providerName: string | null
  earnedMicroUsd: bigint
  attempts: number
  faults: number
  nodeSigned: boolean
  /** Why the node did not sign. */
  nodeReason: string | null
  /** From when it can be made final, or an invalid one's freeze be ended; null until it is reported. */
  finalAtMs: number | null
  reportedTx: string | null
  finalTx: string | null
  challengedTx: string | null
  challengerReason: string | null
}

/** A promise that a pool of samples was held against. */
export type BrokenPromise = 'availability' | 'ttft' | 'tpot'

export interface CountsView {
  channelId: string
  /** `SlaCounts` by field: what the leaf is the hash of. */
  fields: Record<string, string | number>
  terms: TermsView | null
  termsHash: string
  samples: number
  faults: number
  ttftSamples: number
  ttftOver: number
  tpotSamples: number
  tpotOver: number
  spentMicroUsd: bigint
  /** Whether the terms give anything back for a broken promise: else the counts are not pooled. */
  isPromised: boolean
  /** Null while they wait to be pooled, and where somebody else had done it and no test followed. */
  countedTx: string | null
  /** Of the pool test that followed; empty where none did, null before they are pooled. */
  broken: BrokenPromise[] | null
  creditMicroUsd: bigint | null
}

/** A promise that a node of the provider broke: what it cost, and the record whose counts made the test fail. */
export interface BrokenPromiseView {
  node: NodeRef | null
  nodeId: string
  lane: string
  epoch: number
  channelId: string
  promises: BrokenPromise[]
  /** Of that record alone; the test is over all that was pooled since the one before. */
  samples: number
  ttftOver: number
  creditMicroUsd: bigint
  countedTx: string | null
}

/** A reported record that would break a promise once it is final. */
export interface BreachForecastView {
  node: NodeRef | null
  nodeId: string
  lane: string
  epoch: number
  channelId: string
  promises: BrokenPromise[]
  /** Of the pool that would be tested, this record in it. */
  samples: number
  ttftOver: number
  /** At most: what the payer truly paid bounds it, and a cap of the day may put a part off. */
  creditMicroUsd: bigint
  /** Until then it can be contested. */
  contestUntilMs: number | null
}

export interface BreachForecast {
  /** False while the chain does not answer. */
  isKnown: boolean
  /** By deadline. */
  breaches: BreachForecastView[]
}

export interface PayoutOfEpoch {
  txHash: string
  grossMicroUsd: bigint
  feeMicroUsd: bigint
  netMicroUsd: bigint
  atMs: number
}

export interface RecordDetail extends RecordSummary {
  countsRoot: string
  /** `PerformanceRecord` by field. */
  record: Record<string, string | number>
  laneSignature: string
  nodeSignature: string | null
  counts: CountsView[]
  /** Earlier versions, newest first: each was found invalid. */
  earlier: RecordSummary[]
  epochStatus: EpochStatus
  anchoredTx: string | null
  claimedTx: string | null
  /** All that the chain paid to (provider, lane, epoch). */
  payouts: PayoutOfEpoch[]
  /** From when claims may be settled without a record; null until the epoch is anchored. */
  payableAtMs: number | null
  standing: ClaimStanding
}

/**
 * Where a node's pay of one epoch stands, and so why it is pending:
 * closed → anchored → claimed → in_window (its record is reported) → released → paid; challenged and frozen on the side;
 * unclaimed where the channel was short, grace where no record came.
 */
export type ClaimState =
  | 'closed'
  | 'anchored'
  | 'unclaimed'
  | 'claimed'
  | 'in_window'
  | 'challenged'
  | 'frozen'
  | 'released'
  | 'grace'
  | 'paid'
  | 'nothing_due'

export interface ClaimStanding {
  state: ClaimState
  /** When the next step can come by itself, where that is known. */
  nextAtMs: number | null
}

export interface ClaimRecord extends RecordSummary {
  standing: ClaimStanding
}

/** What one epoch of one lane brings a provider. */
export interface EpochClaims {
  lane: string
  epoch: number
  epochStatus: EpochStatus
  closedAtMs: number
  anchoredTx: string | null
  claimedTx: string | null
  payableAtMs: number | null
  /** Σ earned of the newest versions of its records. */
  earnedMicroUsd: bigint
  /** Drawn from payers' channels for it; null before. */
  claimedMicroUsd: bigint | null
  /** Why vouchers were skipped, each once. */
  skippedReasons: string[]
  releasedMicroUsd: bigint
  frozenMicroUsd: bigint
  /** Of (provider, epoch number): lanes with the same number share it. */
  payouts: PayoutOfEpoch[]
  /** Of its nodes. */
  leaseReceipts: number
  records: ClaimRecord[]
}
