/**
 * What a lane knows: its numbers, terms, open attempts, signed amounts and which receipts no epoch holds yet.
 *
 * A pure function of the journal's records in order. Live operation and restart apply the same records through the
 * same `apply`, which is why a restart ends up where the dead process was. Receipts themselves stay in the journal: a
 * closing epoch reads them from there.
 */
import { BoundedMap, invariant, SlotMap, type Prices } from '@isochrone/domain'
import {
  decodeStruct,
  encodeStruct,
  pricesOfTerms,
  type DeliveryReceipt,
  type Hex,
  type MeteringCorrection,
  type MeteringRecountedEntry,
  type ReceiptPairJson,
  type Signed,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { Intent } from '../ports.ts'
import { JobMemory } from './job-memory.ts'
import { keyPeriodsAt, KeySpend, type KeyPeriod } from './key-spend.ts'
import {
  decodeIntent,
  encodeIntent,
  type CheckpointRecord,
  type LeaseMeteredEntry,
  type LaneRecord,
  type ReceiptsEntry,
  type TermsRecord,
} from './records.ts'

/** An attempt that was dispatched and has no receipt yet. */
export interface OpenAttempt {
  intent: Intent
  /** Journal record that this is restored from. */
  index: number
  /** Left by an earlier process: nobody here waits for its end. */
  inherited: boolean
  /** Bill of an attempt that ended, before its number and signature. */
  draft: Draft | null
  /** `workHash` of a work receipt that was presented while the request still ran. */
  presented: Hex | null
  /** Tokens that it had handed on when a later attempt went on with its answer; null where none did. */
  continuedTokens: number | null
  /** Of two at once, the customer gets this one's tokens. */
  won: boolean
}

export interface Draft {
  delivery: DeliveryReceipt
  work: Signed<WorkReceipt> | null
  /** Both as they are journalled, the delivery without its number and signature, where that was written already. */
  json?: ReceiptPairJson
}

/** A version of a listing that attempts of this lane name. */
export interface KnownTerms {
  terms: Terms
  document: Record<string, unknown>
  prices: Prices
}

/** A receipt that no closed epoch holds: where it is, and what a voucher has to know of it. */
export interface UnclosedReceipt {
  seq: number
  channelId: Hex
  termsHash: Hex
  isFree: boolean
  /** Journal record that holds it. */
  recordIndex: number
  /** Oldest journal record needed to restore it. */
  index: number
}

export const DELIVERED_MAX = 40_000
/** An agent that does not come back for this long has given up its claim on the attempt. */
const OPEN_MS_MAX = 7 * 86_400_000

/** A request's first attempt, which nearly all are, goes by the text that is there: a new one is made and hashed at each look. */
export const attemptKey = (requestId: Hex, attempt: number): string =>
  attempt === 0 ? requestId : `${requestId}:${attempt}`

export class LaneState {
  nextSeq = 1
  closedToSeq = 0
  lastEpoch = 0
  readonly open = new SlotMap<string, OpenAttempt>()
  readonly delivered = new BoundedMap<string, Signed<DeliveryReceipt>>(DELIVERED_MAX)
  /** Of queued jobs: what was begun, what was answered. */
  readonly jobs = new JobMemory()
  /** Of requests with an open attempt: the first number that none of them has had. */
  readonly nextAttempts = new SlotMap<Hex, number>()
  readonly signedByChannel = new Map<Hex, bigint>()
  readonly keySpend = new KeySpend()
  unclosed: UnclosedReceipt[] = []
  /** Receipts that no closed epoch holds and that are paid by fewer tokens, by number. */
  readonly corrections = new Map<number, MeteringCorrection>()
  /** Closed epochs with the nodes whose performance records are not published yet. */
  readonly recordsDue = new Map<number, Set<Hex>>()
  readonly #terms = new Map<Hex, KnownTerms>()
  readonly #cumulative = new Map<Hex, Map<Hex, bigint>>()
  /** Journal index of the newest checkpoint, 0 when there is none. */
  #checkpointIndex = 0
  /** Where the last reading of each lease ends, ms since the epoch: the next one begins there or later. */
  readonly leases = new Map<Hex, number>()

  /**
   * Applies one record. `inherited` marks what is read back at a restart; `signed` are the deliveries of a record that was
   * made a moment ago, in its order.
   */
  apply(record: LaneRecord, index: number, inherited: boolean, signed?: readonly DeliveryReceipt[]): void {
    switch (record.type) {
      case 'terms':
        return this.#learnTerms(record)
      case 'intent':
        return this.#openAttempt(decodeIntent(record), index, inherited)
      case 'attempt-won': {
        const winner = this.open.get(attemptKey(record.requestIdHash, record.attempt))
        if (winner) winner.won = true
        return
      }
      case 'jobs-begin':
        return this.jobs.beginAt(record.sinceMs)
      case 'checkpoint':
        return this.#restore(record, index, inherited)
      case 'epoch-closed': {
        const epoch = Number(record.anchor.epoch)
        this.lastEpoch = Math.max(this.lastEpoch, epoch)
        this.closedToSeq = record.toSeq
        this.unclosed = this.unclosed.filter(({ seq }) => seq > record.toSeq)
        for (const seq of this.corrections.keys()) if (seq <= record.toSeq) this.corrections.delete(seq)
        if (record.nodes.length > 0) this.recordsDue.set(epoch, new Set(record.nodes as Hex[]))
        return
      }
      case 'performance-signed': {
        const epoch = Number(record.record.epoch)
        const nodes = this.recordsDue.get(epoch)
        nodes?.delete(record.record.nodeId as Hex)
        if (nodes?.size === 0) this.recordsDue.delete(epoch)
        return
      }
      case 'metering-recounted':
        return this.#correct(record)
      case 'lease-metered':
        return this.#lease(record, index)
      case 'request-finished':
      case 'receipt-recovered':
        return this.#receipts(record, index, signed)
    }
  }

  knowsTerms(termsHash: Hex): boolean {
    return this.#terms.has(termsHash)
  }

  /** Terms of an attempt or of an unclosed receipt: they were journalled before its intent. */
  termsOf(termsHash: Hex): KnownTerms {
    const known = this.#terms.get(termsHash)
    invariant(known, 'terms are journalled before the first intent under them')
    return known
  }

  cumulative(channelId: Hex, providerId: Hex): bigint {
    return this.#cumulative.get(channelId)?.get(providerId) ?? 0n
  }

  /**
   * Whether an attempt that an earlier process left had nothing handed on: another one went on in its place without its
   * tokens, or it is one of two at once and is not known to have won.
   */
  isSuperseded({ intent, continuedTokens, won }: OpenAttempt): boolean {
    if (continuedTokens !== null) return false
    if (intent.isHedge === true && !won) return true
    // The rival that it won against has the next number.
    const ownNumbers = won && intent.isHedge !== true ? 2 : 1
    return (this.nextAttempts.get(intent.requestIdHash) ?? 0) > intent.attempt + ownNumbers
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

  /** The same, by the keys that they came in by, in each period that such a receipt would count in. */
  keysHeldForRecovery(): Map<KeyPeriod, bigint> {
    const held = new Map<KeyPeriod, bigint>()
    for (const { inherited, intent } of this.open.values()) {
      if (!inherited || !intent.stream || intent.jobId !== null || intent.keyId === null) continue
      for (const period of keyPeriodsAt(intent.keyId, intent.receivedAtMs ?? intent.startedAtMs)) {
        held.set(period, (held.get(period) ?? 0n) + intent.reservedMicroUsd)
      }
    }
    return held
  }

  /** Forgets what is given up and terms that nothing names any more: their next intent journals them again. */
  checkpoint(nowMs: number): CheckpointRecord {
    for (const [key, { inherited, intent }] of this.open) {
      if (!inherited || nowMs - intent.startedAtMs <= OPEN_MS_MAX) continue
      this.open.delete(key)
      this.#forgetNumbers(intent.requestIdHash)
    }
    for (const [leaseId, toMs] of this.leases) if (nowMs - toMs > OPEN_MS_MAX) this.leases.delete(leaseId)
    const inUse = new Set(this.unclosed.map(({ termsHash }) => termsHash))
    for (const { intent } of this.open.values()) inUse.add(intent.termsHash)
    for (const termsHash of this.#terms.keys()) if (!inUse.has(termsHash)) this.#terms.delete(termsHash)
    return {
      type: 'checkpoint',
      nextSeq: this.nextSeq,
      closedToSeq: this.closedToSeq,
      lastEpoch: this.lastEpoch,
      cumulative: [...this.#cumulative].flatMap(([channelId, providers]) =>
        [...providers].map(([providerId, amount]): [Hex, Hex, string] => [channelId, providerId, amount.toString()]),
      ),
      terms: [...this.#terms].map(([termsHash, { terms, document }]) => ({
        termsHash,
        terms: encodeStruct('Terms', terms),
        document,
      })),
      open: [...this.open.values()].map(({ intent, won }) => ({ ...encodeIntent(intent), ...(won && { won }) })),
      recordsDue: [...this.recordsDue].map(([epoch, nodes]) => ({ epoch, nodes: [...nodes] })),
      jobs: this.jobs.record(),
      leases: [...this.leases],
      keys: this.keySpend.record(nowMs),
    }
  }

  /** Records below this are not needed to restore the state. */
  get floorIndex(): number {
    return this.unclosed.reduce((floor, { index }) => Math.min(floor, index), this.#checkpointIndex)
  }

  #learnTerms({ termsHash, terms, document }: Omit<TermsRecord, 'type'>): void {
    const value = decodeStruct('Terms', terms)
    this.#terms.set(termsHash, { terms: value, document, prices: pricesOfTerms(value) })
  }

  #openAttempt(intent: Intent, index: number, inherited: boolean): void {
    const entry = { intent, index, inherited, draft: null, presented: null, continuedTokens: null, won: false }
    this.open.set(attemptKey(intent.requestIdHash, intent.attempt), entry)
    for (const { attempt, tokens } of intent.continues?.delivered ?? []) {
      const broken = this.open.get(attemptKey(intent.requestIdHash, attempt))
      if (broken) broken.continuedTokens = tokens
    }
    const next = Math.max(this.nextAttempts.get(intent.requestIdHash) ?? 0, intent.attempt + 1)
    this.nextAttempts.set(intent.requestIdHash, next)
    if (intent.jobId !== null) this.jobs.began(intent.requestId, intent.attempt, intent.startedAtMs)
  }

  #receipts(entry: ReceiptsEntry, index: number, signed?: readonly DeliveryReceipt[]): void {
    for (const [i, json] of entry.receipts.entries()) {
      const delivery = signed?.[i] ?? decodeStruct('DeliveryReceipt', json.delivery)
      this.nextSeq = Math.max(this.nextSeq, delivery.seq + 1)
      const key = attemptKey(delivery.requestId, delivery.attempt)
      this.delivered.set(key, { value: delivery, signature: json.deliverySignature as Hex })
      const attempt = this.open.get(key)
      // Its intent may lie in a forgotten segment: then a later checkpoint holds the sums, and an epoch holds the receipt.
      if (!attempt) continue
      this.open.delete(key)
      const { channelId, termsHash } = attempt.intent
      // Unknown terms lie in a forgotten segment as well, and the checkpoint that replaces the sums brings them.
      const terms = this.#terms.get(termsHash)
      if (terms) this.#sign(channelId, terms.terms.providerId, delivery.price)
      const { keyId, receivedAtMs } = entry.request
      if (terms && keyId !== null && delivery.price > 0n) this.keySpend.add(keyId, receivedAtMs, delivery.price)
      const { seq } = delivery
      if (seq <= this.closedToSeq) continue
      const isFree = delivery.price === 0n
      const from = Math.min(index, attempt.index)
      this.unclosed.push({ seq, channelId, termsHash, isFree, recordIndex: index, index: from })
    }
    if (entry.type === 'request-finished') this.#dropSiblings(entry)
    for (const { delivery } of entry.receipts) this.#forgetNumbers(delivery.requestId as Hex)
    const { jobId, requestId, httpStatus, finishedAtMs } = entry.request
    if (entry.type === 'request-finished' && jobId !== null && entry.answer !== undefined) {
      const outcome = httpStatus < 400 ? 'answered' : 'rejected'
      const message = entry.request.errorMessage
      this.jobs.answered(requestId, { outcome, httpStatus, answer: entry.answer, message }, finishedAtMs)
    }
  }

  #lease({ lease: { receipt } }: LeaseMeteredEntry, index: number): void {
    const { seq, channelId, leaseId, termsHash, price, toMs } = decodeStruct('LeaseReceipt', receipt)
    this.nextSeq = Math.max(this.nextSeq, seq + 1)
    // Unknown terms lie in a forgotten segment: a later checkpoint brings them, and the sums.
    const terms = this.#terms.get(termsHash)
    if (terms) this.#sign(channelId, terms.terms.providerId, price)
    this.leases.set(leaseId, Math.max(this.leases.get(leaseId) ?? 0, toMs))
    if (seq <= this.closedToSeq) return
    this.unclosed.push({ seq, channelId, termsHash, isFree: price === 0n, recordIndex: index, index })
  }

  /** What a finished request left open earned nothing, and nobody may claim it later. */
  #dropSiblings({ receipts }: ReceiptsEntry): void {
    for (const { delivery } of receipts) {
      for (let attempt = 0; attempt < Number(delivery.attempt); attempt++) {
        this.open.delete(attemptKey(delivery.requestId as Hex, attempt))
      }
    }
  }

  /** Nothing is judged by the numbers of a request whose last attempt is closed. */
  #forgetNumbers(requestIdHash: Hex): void {
    for (let attempt = (this.nextAttempts.get(requestIdHash) ?? 0) - 1; attempt >= 0; attempt--) {
      if (this.open.has(attemptKey(requestIdHash, attempt))) return
    }
    this.nextAttempts.delete(requestIdHash)
  }

  #sign(channelId: Hex, providerId: Hex, priceMicroUsd: bigint): void {
    const providers = this.#cumulative.get(channelId) ?? new Map<Hex, bigint>()
    this.#cumulative.set(channelId, providers)
    providers.set(providerId, (providers.get(providerId) ?? 0n) + priceMicroUsd)
    this.signedByChannel.set(channelId, (this.signedByChannel.get(channelId) ?? 0n) + priceMicroUsd)
  }

  /** Once for each receipt, and only until its epoch is closed: a voucher that was signed is signed. */
  #correct({ seq, channelId, providerId, recounted, priceMicroUsd, refundMicroUsd }: MeteringRecountedEntry): void {
    const refund = BigInt(refundMicroUsd)
    if (refund === 0n || seq <= this.closedToSeq || this.corrections.has(seq)) return
    const { tokensIn: billedIn, tokensCached: billedCached, tokensOut: billedOut } = recounted
    this.corrections.set(seq, { seq, billedIn, billedCached, billedOut, refund })
    this.#sign(channelId as Hex, providerId as Hex, -refund)
    const receipt = this.unclosed.find((unclosed) => unclosed.seq === seq)
    if (receipt && refund === BigInt(priceMicroUsd)) receipt.isFree = true
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
    this.keySpend.restore(record.keys ?? [])
    this.#terms.clear()
    for (const terms of record.terms) this.#learnTerms(terms)
    this.recordsDue.clear()
    for (const { epoch, nodes } of record.recordsDue) this.recordsDue.set(epoch, new Set(nodes))
    if (record.jobs) this.jobs.restore(record.jobs)
    for (const [leaseId, toMs] of record.leases ?? []) this.leases.set(leaseId, toMs)
    const known = new Map(this.open)
    this.open.clear()
    for (const open of record.open) {
      const intent = decodeIntent(open)
      const at = known.get(attemptKey(intent.requestIdHash, intent.attempt))?.index ?? index
      this.#openAttempt(intent, at, true)
      const entry = this.open.get(attemptKey(intent.requestIdHash, intent.attempt))
      if (entry && open.won) entry.won = true
    }
  }
}
