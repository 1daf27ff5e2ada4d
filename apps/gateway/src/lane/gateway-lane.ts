/**
 * The lane with everything that the gateway's main and its agent links need beyond `ports.ts`.
 */
import type {
  EpochClosedEntry,
  EpochNotice,
  Hex,
  LeaseCommand,
  LeaseReading,
  LeaseReceipt,
  NodeState,
  ReceiptConfirm,
  RecordAnswer,
  SignedWork,
} from '@isochrone/protocol'
import type { Clock } from '@isochrone/domain'
import type { Logger } from '@isochrone/runtime'
import type { Journal } from '../journal/journal.ts'
import type { Lane } from '../ports.ts'
import type { ClosedEpoch } from './epoch-index.ts'
import type { KeyPeriod } from './key-spend.ts'
import type { NoticeListener } from './record-keeper.ts'
import type { LeaseSpan } from './sign-lease.ts'
import type { RecountOutcome, Recounted } from './record-recount.ts'
import type { LaneContracts } from './lane-contracts.ts'

export interface LaneOptions {
  journal: Journal
  /** The lane's private key. */
  privateKey: Hex
  /** At most eight ASCII characters. */
  region: string
  contracts: LaneContracts
  epochMs: number
  /** Epoch files go to `<dataDir>/epochs`. */
  dataDir: string
  /** A node's current terms: the journal keeps each version as an intent saw it. */
  nodeOf: (nodeId: Hex) => NodeState | undefined
  logger: Logger
  clock?: Clock
  /** How long nodes may take to sign their performance records, ms. Default: by the size of the file. */
  answerMs?: number
}

export interface GatewayLane extends Lane {
  /** First attempt number of this job's request that this lane has not used: dispatching it again must not reuse one. */
  nextAttempt(requestId: string): number
  /**
   * A work receipt that came without its stream: after a reconnect, or after a cancel that took too long.
   * Null: not decided yet, the confirmation follows through `onConfirm`.
   */
  presentWork(nodeId: Hex, signed: SignedWork): Promise<ReceiptConfirm | null>
  /** Takes what a receipt says more than its text off what is owed for it. Resolves when that is durable. */
  recordRecount(recount: Recounted): Promise<RecountOutcome>
  /** See `sign-lease.ts`. */
  leaseSpan(command: LeaseCommand, asked: LeaseReading, times: { nowMs: number; fromMs?: number }): LeaseSpan | null
  signLease(
    command: LeaseCommand,
    span: LeaseSpan,
    nodeSignature: Hex,
  ): { receipt: LeaseReceipt; durable: Promise<void> }
  /** Confirmations to be sent to nodes. The link server listens. */
  onConfirm(listener: (nodeId: Hex, confirm: ReceiptConfirm) => void): void
  /** µUSD signed by this lane, lifetime, by channel: what budget leasing starts from. */
  signedByChannel(): ReadonlyMap<Hex, bigint>
  /**
   * µUSD reserved by requests that an earlier process left open, by channel: their receipts may still come, so a budget
   * must hold as much back.
   */
  heldForRecovery(): ReadonlyMap<Hex, bigint>
  /** µUSD billed by this lane through an API key in a period; and what of it such requests may still be billed. */
  spentByKeyMicroUsd(period: KeyPeriod): bigint
  keysHeldForRecovery(): ReadonlyMap<KeyPeriod, bigint>
  /** Closes the epoch now. Null when nothing was signed since the last one: empty epochs do not exist. */
  closeEpoch(): Promise<EpochClosedEntry | null>
  /** Path of the file of a closed epoch. */
  epochFile(epoch: number): string | undefined
  /** Closed epochs, newest first, below `before` when given. */
  closedEpochs(limit: number, before?: number): ClosedEpoch[]
  /** Notices of closed epochs to be sent to nodes. The link server listens, and says whether the node is linked. */
  onNotice(listener: NoticeListener): void
  /** What a node that links now has not answered yet. */
  noticesFor(nodeId: Hex): EpochNotice[]
  /**
   * Signs this version of a node's record anew, from the receipts of the epoch alone: for one that was found invalid. The
   * node is asked for its signature, then it is published. False where this lane has no such epoch or node in it.
   */
  correctRecord(record: { nodeId: Hex; lane: Hex; epoch: number; version: number }): Promise<boolean>
  /** A node's answer to a notice. */
  answerRecord(nodeId: Hex, answer: RecordAnswer): void
  /** Starts closing epochs at clock boundaries, and asks for performance records that an earlier process left. */
  start(): void
  /** Stops the clock and waits for a close that is under way. */
  stop(): Promise<void>
}
