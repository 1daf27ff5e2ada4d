/**
 * What the lane writes into the journal: entries that are published (see `receiptStreamEntry` in the protocol) and
 * records for its own restart.
 */
import type { Prices } from '@isochrone/domain'
import type { EpochClosedEntry, Hex, PricesJson, ReceiptStreamEntry, RequestFinishedEntry } from '@isochrone/protocol'
import type { Intent } from '../ports.ts'

export type ReceiptsEntry = Extract<ReceiptStreamEntry, { receipts: unknown }>
export type { EpochClosedEntry, RequestFinishedEntry }

/** Written before a dispatch, with the terms as they stood then: prices of a later version do not touch it. */
export interface IntentRecord {
  type: 'intent'
  intent: Omit<Intent, 'reservedMicroUsd'> & { reservedMicroUsd: string }
  providerId: Hex
  prices: PricesJson
}

/** The whole numeric state at its place in the journal, so that older segments can be forgotten. */
export interface CheckpointRecord {
  type: 'checkpoint'
  nextSeq: number
  closedToSeq: number
  lastEpoch: number
  /** Lifetime µUSD signed: channel, provider, amount. */
  cumulative: [channelId: Hex, providerId: Hex, microUsd: string][]
  open: IntentRecord[]
}

export type LaneRecord = ReceiptStreamEntry | IntentRecord | CheckpointRecord

export function encodeIntent(intent: Intent, providerId: Hex, prices: PricesJson): IntentRecord {
  return {
    type: 'intent',
    intent: { ...intent, reservedMicroUsd: intent.reservedMicroUsd.toString() },
    providerId,
    prices,
  }
}

export function decodeIntent({ intent }: IntentRecord): Intent {
  return { ...intent, reservedMicroUsd: BigInt(intent.reservedMicroUsd) }
}

export function pricesOf(json: PricesJson): Prices {
  return {
    inMicroUsdPerMtok: BigInt(json.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: BigInt(json.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: BigInt(json.outMicroUsdPerMtok),
    inMicroUsdPerGb: BigInt(json.inMicroUsdPerGb),
    outMicroUsdPerGb: BigInt(json.outMicroUsdPerGb),
  }
}
