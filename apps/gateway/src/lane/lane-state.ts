/**
 * What a lane knows: its numbers, open attempts, signed amounts and the receipts that no epoch holds yet.
 *
 * A pure function of the journal's records in order. Live operation and restart apply the same records through the
 * same `apply`, which is why a restart ends up where the dead process was.
 */
import { invariant } from '@isochrone/domain'
import {
  decodeLine,
  receiptLeaf,
  type DeliveryReceipt,
  type DispatchResponse,
  type EpochFileLine,
  type Hex,
  type Signed,
  type PricesJson,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { Intent } from '../ports.ts'
import { BoundedMap } from './bounded-map.ts'
import { decodeIntent, encodeIntent, type CheckpointRecord, type LaneRecord, type ReceiptsEntry } from './records.ts'

/** An attempt that was dispatched and has no receipt yet. */
export interface OpenAttempt {
  intent: Intent
  providerId: Hex
  prices: PricesJson
  /** Journal record that this is restored from. */
  index: number
  /** Left by an earlier process: nobody here waits for its end. */
  inherited: boolean
  /** Bill of an attempt that ended, before its number and signature. */
  draft: Draft | null
  /** `workHash` of a work receipt that was presented while the request still ran. */
  presented: Hex | null
}

export interface Draft {
  delivery: DeliveryReceipt
  work: Signed<WorkReceipt> | null
}

/** A receipt that no closed epoch holds. */
export interface UnclosedReceipt {
  line: EpochFileLine
  leaf: Hex
  providerId: Hex
  /** Oldest journal record needed to restore it. */
  index: number
}

const ANSWERS_MAX = 5_000
const DELIVERED_MAX = 20_000
const ATTEMPT_NUMBERS_MAX = 100_000
/** An agent that does not come back for this long has given up its claim on the attempt. */
const OPEN_MS_MAX = 7 * 86_400_000

export const attemptKey = (requestId: Hex, attempt: number): string => `${requestId}:${attempt}`

export class LaneState {
  nextSeq = 1
  closedToSeq = 0
  lastEpoch = 0
  readonly open = new Map<string, OpenAttempt>()
  readonly delivered = new BoundedMap<string, Signed<DeliveryReceipt>>(DELIVERED_MAX)
  readonly answers = new BoundedMap<string, DispatchResponse>(ANSWERS_MAX)
  readonly nextAttempts = new BoundedMap<Hex, number>(ATTEMPT_NUMBERS_MAX)
  readonly signedByChannel = new Map<Hex, bigint>()
  unclosed: UnclosedReceipt[] = []
  readonly #cumulative = new Map<Hex, Map<Hex, bigint>>()
  /** Journal index of the newest checkpoint, 0 when there is none. */
  #checkpointIndex = 0

  /** Applies one record. `inherited` marks intents that are read back at a restart. */
  apply(record: LaneRecord, index: number, inherited: boolean): void {
    if (record.type === 'intent') this.#openAttempt(record, index, inherited)
    else if (record.type === 'epoch-closed') {
      this.lastEpoch = Math.max(this.lastEpoch, Number(record.anchor.epoch))
      this.closedToSeq = record.toSeq
      this.unclosed = this.unclosed.filter(({ line }) => line.delivery.value.seq > record.toSeq)
    } else if (record.type === 'checkpoint') this.#restore(record, index, inherited)
    else this.#receipts(record, index)
  }

  cumulative(channelId: Hex, providerId: Hex): bigint {
    return this.#cumulative.get(channelId)?.get(providerId) ?? 0n
  }

  /** Reserved by attempts of an earlier process whose receipts may still come and cost something. */
  heldForRecovery(): Map<Hex, bigint> {
    const held = new Map<Hex, bigint>()
    for (const { inherited, intent } of this.open.values()) {
      if (!inherited || !intent.stream || intent.jobId !== null) continue
      held.set(intent.channelId, (held.get(intent.channelId) ?? 0n) + intent.reservedMicroUsd)
    }
    return held
  }

  checkpoint(nowMs: number): CheckpointRecord {
    for (const [key, { inherited, intent }] of this.open) {
      if (inherited && nowMs - intent.startedAtMs > OPEN_MS_MAX) this.open.delete(key)
    }
    return {
      type: 'checkpoint',
      nextSeq: this.nextSeq,
      closedToSeq: this.closedToSeq,
      lastEpoch: this.lastEpoch,
      cumulative: [...this.#cumulative].flatMap(([channelId, providers]) =>
        [...providers].map(([providerId, amount]): [Hex, Hex, string] => [channelId, providerId, amount.toString()]),
      ),
      open: [...this.open.values()].map(({ intent, providerId, prices }) => encodeIntent(intent, providerId, prices)),
    }
  }

  /** Records below this are not needed to restore the state. */
  get floorIndex(): number {
    return this.unclosed.reduce((floor, { index }) => Math.min(floor, index), this.#checkpointIndex)
  }

  #openAttempt(record: Extract<LaneRecord, { type: 'intent' }>, index: number, inherited: boolean): void {
    const intent = decodeIntent(record)
    const { providerId, prices } = record
    const entry = { intent, providerId, prices, index, inherited, draft: null, presented: null }
    this.open.set(attemptKey(intent.requestIdHash, intent.attempt), entry)
    const next = Math.max(this.nextAttempts.get(intent.requestIdHash) ?? 0, intent.attempt + 1)
    this.nextAttempts.set(intent.requestIdHash, next)
  }

  #receipts(entry: ReceiptsEntry, index: number): void {
    for (const json of entry.receipts) {
      const line = decodeLine(json)
      const delivery = line.delivery.value
      this.nextSeq = Math.max(this.nextSeq, delivery.seq + 1)
      const key = attemptKey(delivery.requestId, delivery.attempt)
      this.delivered.set(key, line.delivery)
      const attempt = this.open.get(key)
      // Its intent may lie in a forgotten segment: then a later checkpoint holds the sums, and an epoch holds the receipt.
      if (!attempt) continue
      this.open.delete(key)
      this.#sign(delivery.channelId, attempt.providerId, delivery.price)
      if (delivery.seq <= this.closedToSeq) continue
      const leaf = receiptLeaf('DeliveryReceipt', delivery)
      this.unclosed.push({ line, leaf, providerId: attempt.providerId, index: Math.min(index, attempt.index) })
    }
    if (entry.type === 'request-finished') this.#dropSiblings(entry)
    const { jobId, requestId, httpStatus } = entry.request
    if (entry.type === 'request-finished' && jobId !== null && entry.answer !== undefined) {
      const outcome = httpStatus < 400 ? 'answered' : 'rejected'
      const message = entry.request.errorMessage
      this.answers.set(requestId, { outcome, httpStatus, answer: entry.answer, message })
    }
  }

  /** What a finished request left open earned nothing, and nobody may claim it later. */
  #dropSiblings({ receipts }: ReceiptsEntry): void {
    for (const { delivery } of receipts) {
      for (let attempt = 0; attempt < Number(delivery.attempt); attempt++) {
        this.open.delete(attemptKey(delivery.requestId as Hex, attempt))
      }
    }
  }

  #sign(channelId: Hex, providerId: Hex, priceMicroUsd: bigint): void {
    const providers = this.#cumulative.get(channelId) ?? new Map<Hex, bigint>()
    this.#cumulative.set(channelId, providers)
    providers.set(providerId, (providers.get(providerId) ?? 0n) + priceMicroUsd)
    this.signedByChannel.set(channelId, (this.signedByChannel.get(channelId) ?? 0n) + priceMicroUsd)
  }

  #restore(record: CheckpointRecord, index: number, inherited: boolean): void {
    this.#checkpointIndex = index
    if (!inherited) return
    invariant(record.nextSeq >= this.nextSeq, 'a checkpoint is never behind the receipts before it')
    this.nextSeq = record.nextSeq
    this.closedToSeq = record.closedToSeq
    this.lastEpoch = record.lastEpoch
    this.#cumulative.clear()
    this.signedByChannel.clear()
    for (const [channelId, providerId, amount] of record.cumulative) this.#sign(channelId, providerId, BigInt(amount))
    const known = new Map(this.open)
    this.open.clear()
    for (const intent of record.open) {
      const at = known.get(attemptKey(intent.intent.requestIdHash, intent.intent.attempt))?.index ?? index
      this.#openAttempt(intent, at, true)
    }
  }
}
