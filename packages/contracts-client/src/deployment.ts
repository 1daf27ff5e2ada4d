/**
 * What one deployment of the contracts is: where they are, with which parameters, and from which bytecode.
 *
 * Plain JSON, so that it can be kept in a file beside the chain's state and handed to every process and page.
 */
import type { Address, Hex } from 'viem'

export const contractNames = [
  'timelock',
  'token',
  'verifier',
  'registry',
  'anchor',
  'channels',
  'vault',
  'ledger',
  'disputes',
  'contradictions',
  'hasher',
  'panels',
] as const
export type ContractName = (typeof contractNames)[number]

/** µUSD as decimal text, because JSON has no bigint. */
export type MicroUsdText = string

/** Chosen at deployment. Seconds are chain time; who may change what later is in docs/TRUST_MODEL.md. */
export interface DeploymentParams {
  /** Proposes, executes and cancels in the timelock, which administers every contract. */
  admin: Address
  /** May pause inflow and remove a lane, at once. */
  guardian: Address
  /**
   * Judges challenges of performance records alone, beside the panels of arbiters. The zero address: nobody does, and panels judge
   * all of them.
   */
  auditor: Address
  /** Six or more, from whom panels of three are drawn. */
  arbiters: readonly Address[]
  /** Where fees, lost bonds and the rest of slashes go. */
  treasury: Address
  /** Seconds between an administrator's proposal and its execution. */
  timelockDelayS: number
  /** Basis points that providers freeze when they register. */
  feeBps: number
  /** From the first claim of (provider, lane, epoch) until no record is waited for, and of an announced voucher. */
  graceS: number
  /** From a request to withdraw from a channel until the withdrawal. */
  channelThawS: number
  /** From a node key's retirement until it serves no more. */
  keyThawS: number
  /** Of stake; at least the whole course of a dispute and `marginS`. */
  stakeThawS: number
  marginS: number
  /** To challenge a performance record that both signed; twice as long when the lane alone did. */
  challengeS: number
  /** For a panel, or an auditor, to judge a challenge. */
  rulingS: number
  /** For which an invalid record freezes what it covered, at most. */
  freezeS: number
  /** The steps of a dispute; `fileS` from the epoch's anchoring. */
  fileS: number
  respondS: number
  ruleS: number
  appealS: number
  appealRuleS: number
  laneStakeMinMicroUsd: MicroUsdText
  /** Of a challenge, at least. */
  challengeBondMicroUsd: MicroUsdText
  disputeBondMicroUsd: MicroUsdText
  appealBondMicroUsd: MicroUsdText
  /** What a false record costs its lane. */
  falseRecordPenaltyMicroUsd: MicroUsdText
  /** Of it, to whoever showed it. */
  recordRewardBps: number
  /** What a proven contradiction costs its signer, and a withheld epoch file its lane. */
  contradictionPenaltyMicroUsd: MicroUsdText
  withholdingPenaltyMicroUsd: MicroUsdText
  /** Of these, to whoever proved it. */
  contradictionRewardBps: number
  /** What one verdict may take of one stake at most. */
  slashMaxMicroUsd: MicroUsdText
}

export interface Deployment {
  /** Of this format. */
  version: 3
  chainId: number
  addresses: Record<ContractName, Address>
  /** The block of the first contract: where an indexer starts. */
  blockNumber: number
  /** Keccak-256 of the creation bytecode that was deployed. `token` is null for a token that was there before. */
  codeHashes: Record<ContractName, Hex | null>
  params: DeploymentParams
}
