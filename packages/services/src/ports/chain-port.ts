/**
 * The chain as services see it: every write is safe to repeat, `txHash` is null when an earlier transaction had done it.
 *
 * Refusals of a contract are an AppError `state_conflict`, an absent chain is `chain_unavailable`.
 */
import type { EpochAnchor, Hex, Signed, Voucher } from '@isochrone/protocol'

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
}

export interface ClaimOutcome {
  channelId: string
  providerId: string
  /** µUSD of what was due that stays due. */
  unpaid: bigint
  /** Why nothing was paid; null when something was. */
  reason: string | null
}

interface EventPlace {
  txHash: string
  logIndex: number
  blockNumber: bigint
  atMs: bigint
}

export type ChainEvent = EventPlace &
  (
    | { kind: 'channel_opened'; channelId: string }
    | { kind: 'deposit' | 'ceiling' | 'withdrawal_requested' | 'withdrawal'; channelId: string; microUsd: bigint }
    | { kind: 'anchored'; lane: string; epoch: bigint }
    | { kind: 'claimed'; channelId: string; providerId: string; lane: string; epoch: bigint; paidMicroUsd: bigint }
    | { kind: 'settled'; providerId: string; epoch: bigint; gross: bigint; fee: bigint; net: bigint }
  )

export interface ChainReads {
  head(): Promise<{ blockNumber: bigint; blockHash: string; timeS: number }>
  /** Null when the chain has no such block. */
  blockHash(blockNumber: bigint): Promise<string | null>
  /** The block of the deployment: nothing of ours is before it. */
  firstBlock: bigint
  /** Both ends included, oldest first. */
  events(fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]>
  /** Null when it was never opened. */
  channel(channelId: Hex): Promise<ChannelOnChain | null>
  anchorOf(lane: Hex, epoch: number): Promise<{ root: string; anchoredAtS: number } | null>
  /** µUSD paid over all time on the vouchers of (channel, provider, lane). */
  claimedOf(key: { channelId: Hex; providerId: Hex; lane: Hex }): Promise<bigint>
  pendingOf(providerId: Hex, epoch: number): Promise<{ claimed: bigint; settled: bigint; payableAtS: number }>
  /** Seconds from anchoring until what an epoch brings is payable. */
  settleWindowS: number
}

export interface SettlementChain extends ChainReads {
  anchor(signed: Signed<EpochAnchor>): Promise<Sent>
  /** Outcomes in no particular order; a voucher without one was paid in full. */
  claimMany(vouchers: readonly Signed<Voucher>[]): Promise<Sent & { outcomes: ClaimOutcome[] }>
  settle(providerId: Hex, epochs: readonly number[]): Promise<Sent>
}

export interface RegistryChain {
  /** The account that owns what it registers. Lower case. */
  operatorAddress: Hex
  registerProvider(input: { salt: Hex; payoutAddress: Hex }): Promise<Sent & { feeBps: number }>
  registerTerms(input: { providerId: Hex; termsHash: Hex }): Promise<Sent>
  addNodeKey(input: { providerId: Hex; nodeKey: Hex; signature: Hex }): Promise<Sent>
}

/** The wallet that holds managed channels. */
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
