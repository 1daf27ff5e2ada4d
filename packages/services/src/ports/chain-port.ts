/**
 * The chain as services see it: every write is safe to repeat, `txHash` is null when an earlier transaction had done it.
 *
 * Refusals of a contract are an AppError `state_conflict`, an absent chain is `chain_unavailable`. Reads come twice: as a
 * transaction that is sent now would find things, and as they stand in the newest block that counts as confirmed. Only
 * what is confirmed is ever written down as done.
 */
import type { RecordStatus } from '@isochrone/domain'
import type { EpochAnchor, Hex, PerformanceRecord, Signed, SlaCounts, Terms, Voucher } from '@isochrone/protocol'
import type { DisputeEventStep } from './dispute-event-step.ts'

export interface Sent {
  txHash: string | null
}

/** Lifetime totals of a channel, µUSD. */
export interface ChannelOnChain {
  deposited: bigint
  withdrawn: bigint
  withdrawing: bigint
  claimed: bigint
  ceiling: bigint
  /** Chain time, s; 0 while nothing thaws. */
  thawEndsAtS: number
}

export interface ClaimOutcome {
  channelId: string
  providerId: string
  /** µUSD of what was due that stays due. */
  unpaid: bigint
  /** Why nothing was paid; null when something was. */
  reason: string | null
}

export interface PendingOnChain {
  /** µUSD, lifetime of (provider, lane, epoch). */
  claimed: bigint
  /** Of that, paid out or refunded. */
  settled: bigint
  /** Of the rest, held for disputes. */
  frozen: bigint
  /** Chain time, s, from which no record is waited for; 0 before the first claim. */
  graceEndsAtS: number
  /** What a settlement would pay now. */
  payable: bigint
  /** Of the lane's anchored sum, kept for claims into this pending. */
  setAside: bigint
}

export interface RecordName {
  nodeId: Hex
  lane: Hex
  epoch: number
}

export interface StandingOnChain {
  status: Exclude<RecordStatus, 'signed'>
  version: number
  nodeSigned: boolean
  /** Chain time, s, from which it can be made final. */
  finalAtS: number
  /** Chain time, s, until which a challenge may be judged; 0 without one. */
  rulingEndsAtS: number
  /** Of the challenger, µUSD; 0 without one. */
  challengeBond: bigint
  earned: bigint
  countsRoot: string
}

export interface EventPlace {
  txHash: string
  logIndex: number
  blockNumber: bigint
  blockHash: string
  atMs: bigint
}

export type WhatHappened =
  | { kind: 'channel_opened'; channelId: string }
  | {
      kind: 'deposit' | 'ceiling' | 'withdrawal_requested' | 'withdrawal' | 'refund' | 'credit'
      channelId: string
      microUsd: bigint
    }
  | { kind: 'anchored'; lane: string; epoch: bigint }
  | { kind: 'claimed'; channelId: string; providerId: string; lane: string; epoch: bigint; paidMicroUsd: bigint }
  | { kind: 'settled'; providerId: string; lane: string; epoch: bigint; gross: bigint; fee: bigint; net: bigint }
  | {
      kind: 'record'
      /** `countersigned`: by the node, after its lane; the window ends earlier. */
      step: 'reported' | 'countersigned' | 'challenged' | 'resolved' | 'final' | 'invalid'
      nodeId: string
      lane: string
      epoch: bigint
      /** Known of `reported` and `countersigned` alone. */
      version: number | null
    }
  | {
      kind: 'pool_tested'
      nodeId: string
      channelId: string
      termsHash: string
      /** Of the counts that were added last; null where the chain does not say which those were. */
      leaf: string | null
      /** Bits: 1 availability, 2 TTFT, 4 TPOT. */
      broken: number
      creditMicroUsd: bigint
    }
  /** `body`: what the event says beside the dispute, amounts as decimal text. */
  | { kind: 'dispute'; step: DisputeEventStep; disputeId: bigint; body: Record<string, string | boolean | string[]> }

export type ChainEvent = EventPlace & WhatHappened

/** What the contracts hold, at one point of the chain. */
export interface ChainView {
  /** Null when it was never opened. */
  channel(channelId: Hex): Promise<ChannelOnChain | null>
  isProvider(providerId: Hex): Promise<boolean>
  anchorOf(lane: Hex, epoch: number): Promise<{ root: string; anchoredAtS: number } | null>
  /** µUSD paid over all time on the vouchers of (channel, provider, lane). */
  claimedOf(key: { channelId: Hex; providerId: Hex; lane: Hex }): Promise<bigint>
  pendingOf(key: { providerId: Hex; lane: Hex; epoch: number }): Promise<PendingOnChain>
  /** µUSD of the lane's anchored sum that is neither claimed nor set aside. */
  laneLeft(lane: Hex): Promise<bigint>
  /** Null when nobody reported one. */
  standingOf(record: RecordName): Promise<StandingOnChain | null>
}

/** Read as a transaction that is sent now would find it; `confirmed` as it stands in the newest confirmed block. */
export interface ChainReads extends ChainView {
  confirmed: ChainView
  /** The newest confirmed block; `nowS` is the time that a transaction would meet now. */
  head(): Promise<{ blockNumber: bigint; blockHash: string; nowS: number }>
  /** Null when the chain has no such block. */
  blockHash(blockNumber: bigint): Promise<string | null>
  /** The block of the deployment: nothing of ours is before it. */
  firstBlock: bigint
  /** Blocks below the head that a reorganisation may still remove: their hashes are kept. */
  reorgBlocksMax: number
  /** Both ends included, oldest first. */
  events(fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]>
  /** Those of one channel. */
  channelEvents(channelId: Hex, fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]>
}

export interface SettlementChain extends ChainReads {
  anchor(signed: Signed<EpochAnchor>): Promise<Sent>
  /** One voucher, at the least gas. One that is refused costs nothing: its outcome says why. */
  claimOne(voucher: Signed<Voucher>): Promise<Sent & { outcomes: ClaimOutcome[] }>
  /** Outcomes in no particular order; a voucher without one was paid in full. */
  claimMany(vouchers: readonly Signed<Voucher>[]): Promise<Sent & { outcomes: ClaimOutcome[] }>
  /** The same for vouchers of one provider, lane, epoch and root, at the least gas. */
  claimEach(vouchers: readonly Signed<Voucher>[]): Promise<Sent & { outcomes: ClaimOutcome[] }>
  /** Gives what is set aside there back to the lane's anchored sum. */
  returnSetAside(key: { providerId: Hex; lane: Hex; epoch: number }): Promise<Sent>
  /** `record` as signed by the lane; the node's signature halves the window. */
  reportRecord(input: { record: Signed<PerformanceRecord>; nodeSignature: Hex | null }): Promise<Sent>
  finaliseRecord(record: RecordName): Promise<Sent>
  /** Ends the freeze of an invalid record that nobody replaced. */
  releaseInvalid(record: RecordName): Promise<Sent>
  /** For how long an invalid record freezes what it covered, s. */
  freezeS: number
  /** `broken`: bits 1 availability, 2 TTFT, 4 TPOT; 0 where nothing was tested or nothing broke. */
  countSamples(input: {
    counts: SlaCounts
    terms: Terms
    proof: readonly Hex[]
  }): Promise<Sent & { broken: number; creditMicroUsd: bigint }>
  settle(input: { providerId: Hex; lane: Hex; epochs: readonly number[] }): Promise<Sent>
}

export interface RegistryChain {
  /** The account that owns what it registers. Lower case. */
  operatorAddress: Hex
  registerProvider(input: { salt: Hex; payoutAddress: Hex }): Promise<Sent & { feeBps: number }>
  registerTerms(input: { providerId: Hex; termsHash: Hex }): Promise<Sent>
  addNodeKey(input: { providerId: Hex; nodeKey: Hex; signature: Hex }): Promise<Sent>
  /** Begins the thaw of the key. One that was never bound, or retires already, is done. */
  retireNodeKey(input: { providerId: Hex; nodeKey: Hex }): Promise<Sent>
}

/** The wallet that holds managed channels. While inflow is paused, what pays in fails as `chain_unavailable`. */
export interface ManagedWalletChain {
  /** Lower case. */
  address: Hex
  openChannel(salt: Hex): Promise<Sent>
  /** Deposits once for each `orderId`, however often it is called. */
  depositOnce(input: { channelId: Hex; microUsd: bigint; orderId: string }): Promise<Sent>
  /** Signs and sets the ceiling; one that is there already counts as done. */
  raiseCeiling(input: { channelId: Hex; microUsd: bigint }): Promise<Sent>
}

export interface TransactionLog {
  recordTransaction(row: {
    id: string
    purpose: string
    subject: string
    txHash: string | null
    status: string
    error: string | null
  }): Promise<void>
}
