/**
 * What a lane's corrections take from this node: it has counted with its own engine what the lane says was less.
 *
 * A lane may write down any count below a receipt's, and no contract pays what it kept. An honest lane that counts with
 * the model's own tokenizer takes almost nothing from an honest node; where it takes more, the node does not sign, and what the
 * lane signed stays in its files.
 */
import {
  deliveryPriceMicroUsd,
  pricesOfTerms,
  type DeliveryReceipt,
  type MeteringCorrection,
  type Terms,
} from '@isochrone/protocol'
import { Disagreement } from './check-receipt.ts'

/** Of what the node's receipts of an epoch earn, in basis points: the tolerance within which a gateway corrects nothing. */
const REFUND_BPS_MAX = 500n
/** Of all nodes of an epoch, in memory until their receipts come. */
const CORRECTIONS_MAX = 500_000

export class OwnCorrections {
  readonly #bySeq = new Map<number, MeteringCorrection>()
  /** Of this node's receipts. */
  count = 0
  refundMicroUsd = 0n
  #earned = 0n

  /** Before the receipts, as they stand in the file. Throws {@link Disagreement}. */
  add(correction: MeteringCorrection): void {
    const { seq } = correction
    if (this.#earned > 0n) throw new Disagreement(`a correction of delivery ${seq} stands behind the receipts`)
    if (this.#bySeq.has(seq)) throw new Disagreement(`delivery ${seq} is corrected twice`)
    if (this.#bySeq.size >= CORRECTIONS_MAX) throw new Disagreement('the file has more corrections than a node reads')
    this.#bySeq.set(seq, correction)
  }

  /** A receipt of this node. Throws {@link Disagreement} where its correction is none of its own counts and prices. */
  take(receipt: DeliveryReceipt, terms: Terms): void {
    this.#earned += receipt.price
    const correction = this.#bySeq.get(receipt.seq)
    if (!correction) return
    const { billedIn, billedCached, billedOut, refund } = correction
    const price = deliveryPriceMicroUsd({ ...receipt, billedIn, billedCached, billedOut }, pricesOfTerms(terms))
    if (refund !== receipt.price - price || refund < 0n) {
      throw new Disagreement(`delivery ${receipt.seq}: what is taken off does not follow from its correction`)
    }
    this.count++
    this.refundMicroUsd += refund
  }

  /** Where they take more than an honest recount takes from an honest node. */
  disagreement(): Disagreement | null {
    if (this.refundMicroUsd * 10_000n <= this.#earned * REFUND_BPS_MAX) return null
    return new Disagreement(
      `by counts of its own the lane takes ${this.refundMicroUsd} of ${this.#earned} µUSD off ${this.count} of this node's receipts, more than ${REFUND_BPS_MAX / 100n} %`,
    )
  }
}
