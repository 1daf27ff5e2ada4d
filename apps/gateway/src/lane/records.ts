/**
 * What the lane writes into the journal: entries that are published (see `receiptStreamEntry` in the protocol) and
 * records for its own restart.
 */
import type {
  EpochClosedEntry,
  LeaseMeteredEntry,
  Hex,
  PerformanceSignedEntry,
  ReceiptStreamEntry,
  RequestFinishedEntry,
  StructJson,
} from '@isochrone/protocol'
import type { Intent } from '../ports.ts'
import type { JobMemoryRecord } from './job-memory.ts'
import type { KeySpendRecord } from './key-spend.ts'

export type ReceiptsEntry = Extract<ReceiptStreamEntry, { receipts: unknown }>
export type { EpochClosedEntry, LeaseMeteredEntry, PerformanceSignedEntry, RequestFinishedEntry }

/** Terms and their document, once for each version, before the first intent under it: the epoch file needs them whole. */
export interface TermsRecord {
  type: 'terms'
  termsHash: Hex
  terms: StructJson
  document: Record<string, unknown>
}

/** Written before a dispatch. It names the terms as they stood then: prices of a later version do not touch it. */
export interface IntentRecord {
  type: 'intent'
  intent: Omit<Intent, 'reservedMicroUsd'> & { reservedMicroUsd: string }
  /** In a checkpoint: an `attempt-won` was written for it. */
  won?: true
}

/** Of two attempts at once, the one whose tokens the customer gets: written at its first token. */
export interface AttemptWonRecord {
  type: 'attempt-won'
  requestIdHash: Hex
  attempt: number
}

/** The whole state at its place in the journal, so that older segments can be forgotten. */
export interface CheckpointRecord {
  type: 'checkpoint'
  nextSeq: number
  closedToSeq: number
  lastEpoch: number
  /** Lifetime µUSD signed: channel, provider, amount. */
  cumulative: [channelId: Hex, providerId: Hex, microUsd: string][]
  /** Those that open attempts and unclosed receipts name. */
  terms: Omit<TermsRecord, 'type'>[]
  open: IntentRecord[]
  /** Performance records of closed epochs that are not published yet. */
  recordsDue: { epoch: number; nodes: Hex[] }[]
  /** Where the last reading of each lease ends, ms since the epoch, those of the last days. Absent in journals from before. */
  leases?: [leaseId: Hex, toMs: number][]
  /** What was billed through each API key. Absent in journals from before keys had budgets. */
  keys?: KeySpendRecord[]
  /** Absent in journals from before jobs were remembered. */
  jobs?: JobMemoryRecord
}

/** First of a new journal: no job was dispatched here before that could be remembered. */
export interface JobsBeginRecord {
  type: 'jobs-begin'
  sinceMs: number
}

export type LocalRecord = TermsRecord | IntentRecord | AttemptWonRecord | CheckpointRecord | JobsBeginRecord
export type LaneRecord = ReceiptStreamEntry | LocalRecord

export function encodeIntent(intent: Intent): IntentRecord {
  return { type: 'intent', intent: { ...intent, reservedMicroUsd: intent.reservedMicroUsd.toString() } }
}

export function decodeIntent({ intent }: IntentRecord): Intent {
  return { ...intent, reservedMicroUsd: BigInt(intent.reservedMicroUsd) }
}
