/** Corrections of metering: they stand before the receipts that they are of, few against many. */
import { counted } from '@isochrone/domain'
import {
  deliveryPriceMicroUsd,
  type DeliveryReceipt,
  type EpochFileCorrection,
  type MeteringCorrection,
} from '@isochrone/protocol'
import type { Findings } from '../report.ts'
import type { KnownTerms } from './terms-lines.ts'

export class CorrectionLines {
  readonly #findings: Findings
  /** Of receipts that are still to come, by their number. */
  readonly #waiting = new Map<number, { line: number; correction: MeteringCorrection }>()
  #lastSeq = 0
  #applied = 0
  #refunded = 0n

  constructor(findings: Findings) {
    this.#findings = findings
  }

  check(line: number, { kind: _kind, ...correction }: EpochFileCorrection): void {
    const { seq } = correction
    if (seq <= this.#lastSeq) this.#findings.add('form', line, 'Order of corrections', 'ascending numbers', seq)
    this.#lastSeq = seq
    this.#waiting.set(seq, { line, correction })
  }

  /**
   * What is taken off a receipt, µUSD. A correction bills no more than its receipt, and takes off what its terms say that the
   * difference costs. Whether the text is what the lane says is private: a lane may write any count down to 0 here, so that
   * what it took is named as not checked.
   */
  refundOf(receipt: DeliveryReceipt, { prices }: KnownTerms): bigint {
    const found = this.#waiting.get(receipt.seq)
    if (!found) return 0n
    this.#waiting.delete(receipt.seq)
    const { line, correction } = found
    const { billedIn, billedCached, billedOut, refund } = correction
    for (const field of ['billedIn', 'billedCached', 'billedOut'] as const) {
      if (correction[field] <= receipt[field]) continue
      const what = `${field} in the correction of receipt ${receipt.seq}`
      this.#findings.add('prices', line, what, `at most ${receipt[field]} as in the receipt`, correction[field])
    }
    const price = deliveryPriceMicroUsd({ ...receipt, billedIn, billedCached, billedOut }, prices)
    this.#findings.same('prices', line, `Refund of receipt ${receipt.seq} in µUSD`, receipt.price - price, refund)
    this.#applied++
    this.#refunded += refund
    return refund
  }

  /** After the last receipt: what names none. */
  finish(): void {
    for (const [seq, { line }] of this.#waiting) {
      this.#findings.add('prices', line, `Receipt ${seq}, which a correction names`, 'one in the file', 'none')
    }
  }

  /** Says how many prices were computed again, and what of it is not checked. */
  describe(receipts: number, sumMicroUsd: bigint): void {
    const prices = counted(receipts, 'price computed again', 'prices computed again')
    if (this.#applied === 0) return this.#findings.detail('prices', prices)
    const corrections = counted(this.#applied, 'correction', 'corrections')
    const taken = `${this.#refunded} of ${sumMicroUsd} µUSD`
    this.#findings.detail('prices', `${prices}, ${corrections} taking ${taken}`)
    this.#findings.unchecked.push(`the texts behind ${corrections}, which take ${taken} from providers (private)`)
    this.#findings.notes.push(
      `Not checked: recounted tokens. ${corrections} by the lane ${this.#applied === 1 ? 'takes' : 'take'} ${taken} from providers, who are paid that much less. The texts are private: only payer, node and lane can count them, and a lane can write down any count below the receipt's.`,
    )
  }
}
