/**
 * What somebody has to set in motion on the chain although nobody in particular must: penalties put off, panels, vouchers
 * that were announced, records that are wrong, and files that nobody gives out.
 */
import type { Hex, Voucher } from '@isochrone/protocol'
import type { RecordName, Sent } from './chain-port.ts'

export interface PenaltyName {
  providerId: Hex
  nodeId: Hex
  channelId: Hex
  termsHash: Hex
}

export type TrustEvent =
  /** `leftMicroUsd`: what the daily cap put off. */
  | { kind: 'penalty_paid'; penalty: PenaltyName; leftMicroUsd: bigint }
  /** `claimableAtS`: chain time from which it is paid by its signature alone. */
  | { kind: 'announced'; voucher: Voucher; claimableAtS: number }
  | { kind: 'filed' | 'armed' | 'drawn' | 'closed'; disputeId: bigint }
  /** `finalAtS`: chain time at which nobody can challenge it any more. Once more when the node's signature moves it. */
  | { kind: 'reported'; record: RecordName; version: number; finalAtS: number }
  /** `rulingEndsAtS`: chain time until which a panel can judge it. */
  | { kind: 'challenged'; record: RecordName; rulingEndsAtS: number }
  /** Its panel is drawn, or the challenge is over. */
  | { kind: 'judging'; record: RecordName }
  /** `dataHash`: of the epoch's file. */
  | { kind: 'anchored'; lane: Hex; epoch: number; dataHash: Hex }

export interface DisputeStanding {
  state: string
  /** Of the step that is open, chain time in s. */
  deadlineS: number
}

export interface JudgedRecord {
  nodeId: Hex
  verdict: 'right' | 'wrong' | 'contradicted'
  /** Says so on the chain: a challenge with a bond, or what the lane signed otherwise. Once, however often it is called. */
  accuse: () => Promise<Sent>
}

export interface FoundContradiction {
  /** Tells it from every other one. */
  name: string
  /** Proves it on the chain. Once, however often it is called. */
  accuse: () => Promise<Sent>
}

export interface JudgedEpoch {
  /** What the file convicts somebody of by signatures alone, whether it is the anchored one or not. */
  contradictions: FoundContradiction[]
  /** Null when nobody gives out the anchored file. */
  records: JudgedRecord[] | null
  /** Keccak-256 of the file that the records were judged by; null when there was none. */
  dataHash: Hex | null
  /** Why something could not be judged; null when all was. */
  reason: string | null
}

export interface RecordAudit {
  /** Null when nobody reported one, or it stands no longer open to a challenge. */
  openVersionOf(record: RecordName): Promise<number | null>
  /**
   * Recomputes an epoch from its public file, holds these nodes' records on the ledger against it, and looks through it for
   * what contradicts itself.
   */
  judge(lane: Hex, epoch: number, nodeIds: readonly Hex[]): Promise<JudgedEpoch>
}

/** Whether the files of anchored epochs are to be had, and what is done about one that is not. */
export interface FileWatch {
  /** After anchoring, in which a withheld file can be disputed, s. */
  fileS: number
  /** For which a file must have been missed before it is disputed, s. */
  withheldAfterS: number
  /** Chain time, s; null when it is anchored no more. */
  anchoredAtS(lane: Hex, epoch: number): Promise<number | null>
  /** Asks the lane's gateway and everybody who keeps copies, until one has it. */
  look(lane: Hex, epoch: number, dataHash: Hex): Promise<FileLook>
  /** The dispute that somebody filed about this file, open or not. */
  disputeAbout(lane: Hex, epoch: number): Promise<bigint | null>
  /** With a bond, once, however often it is called. `evidence` is kept for whoever rules. */
  dispute(lane: Hex, epoch: number, evidence: string): Promise<Sent>
}

/** Asks for files that are said to be withheld, for whoever rules. */
export interface FileTries {
  /** Keccak-256 that the lane anchored, read from the chain; null when it did not. */
  dataHashOf(lane: Hex, epoch: number): Promise<Hex | null>
  /** Asks everybody who may have it once, whatever the others said. */
  tryAll(lane: Hex, epoch: number): Promise<FileTry[]>
}

/** What one address said when it was asked for an epoch's file. */
export interface FileTry {
  source: string
  /** Whose address it is: the lane's own, as it told the marketplace; another gateway's; or that of a node with a copy. */
  by: 'lane' | 'gateway' | 'node'
  triedAtMs: number
  /** Null where nothing answered. */
  httpStatus: number | null
  bytes: bigint | null
  /** Keccak-256 of what came; null where nothing whole did. */
  fileHash: string | null
  /** More than is read came: it may be the file all the same. */
  tooLarge: boolean
  /** Why there is no file, in a sentence. */
  said: string | null
}

export interface FileLook {
  isThere: boolean
  /** Nobody is accused whose gateway's address is not known. */
  isAddressKnown: boolean
  /** What each that was asked said instead. */
  said: string[]
}

export interface TrustChain {
  head(): Promise<{ blockNumber: bigint; nowS: number }>
  firstBlock: bigint
  /** Blocks that a reorganisation may still replace: they are read again. */
  reorgBlocksMax: number
  /** Both ends included, oldest first. */
  trustEvents(fromBlock: bigint, toBlock: bigint): Promise<TrustEvent[]>
  /** µUSD. */
  penaltyDueOf(penalty: PenaltyName): Promise<bigint>
  /** `txHash` null where nothing can be taken now: the day's cap is used up, or disputes hold the stake. */
  collectPenalty(penalty: PenaltyName): Promise<Sent>
  /** Null when there is no such dispute. */
  dispute(disputeId: bigint): Promise<DisputeStanding | null>
  /** What a voucher claims beyond what was paid, µUSD; 0 when all was. */
  voucherDueOf(voucher: Voucher): Promise<bigint>
  /** `txHash` null where it cannot be paid now: no money in the channel, a lane that stands no more. */
  claimAnnounced(voucher: Voucher): Promise<Sent>
  /** Arms the draw where its block is too old or there was none; else draws. */
  drawPanel(disputeId: bigint): Promise<Sent>
  /** The same for a challenged record. `txHash` null where its panel stands, or its challenge is over. */
  drawRecordPanel(record: RecordName): Promise<Sent>
}
