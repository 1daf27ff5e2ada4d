/**
 * The receipts of an epoch file: numbers without gap, links, prices, what they add up to, and the Merkle root over them.
 *
 * What is kept for each is its leaves (32 bytes each) and some numbers in columns, so that memory hardly grows with the file.
 */
import { counted } from '@isochrone/domain'
import {
  brokenLinks,
  bytesToHex,
  deliveryPriceMicroUsd,
  leafBytesOfHash,
  LeafBuffer,
  leasePriceMicroUsd,
  leaseReadingOf,
  merkleRoot,
  structHashBytes,
  ZERO_BYTES32,
  type EpochFileDelivery,
  type EpochFileHeader,
  type EpochFileLease,
  type Hex,
  type LeaseReceipt,
  type Signed,
  type Struct,
} from '@isochrone/protocol'
import type { SlaEvaluator } from '../../sla/evaluate-sla.ts'
import { DuplicateFinder, numbersOf } from '../duplicates.ts'
import type { Findings } from '../report.ts'
import { SequenceCheck } from '../sequence.ts'
import type { CorrectionLines } from './correction-lines.ts'
import type { Dues } from './dues.ts'
import type { LineSignatures } from './line-signatures.ts'
import type { TermsLines } from './terms-lines.ts'

export interface ReceiptLinesParts {
  findings: Findings
  header: EpochFileHeader
  signatures: LineSignatures
  terms: TermsLines
  corrections: CorrectionLines
  dues: Dues
  sla: SlaEvaluator
}

export class ReceiptLines {
  readonly #parts: ReceiptLinesParts
  readonly #sequence: SequenceCheck
  readonly #leaves = new LeafBuffer()
  readonly #nodeSeqs = new DuplicateFinder()
  readonly #nodeNumbers = new Map<Hex, number>()
  readonly #attempts = new DuplicateFinder()
  /** Where the readings of each lease end, ms since the epoch. */
  readonly #leases = new Map<Hex, number>()
  /** Delivery and lease receipts. */
  count = 0
  /** Σ price, µUSD. */
  sum = 0n
  /** 0 before {@link finish}. */
  leafCount = 0
  /** Null before {@link finish}, and when there is no receipt. */
  root: Hex | null = null

  constructor(parts: ReceiptLinesParts) {
    this.#parts = parts
    this.#sequence = new SequenceCheck(parts.findings, parts.header.fromSeq, parts.header.toSeq)
  }

  checkDelivery(line: number, { delivery, work }: EpochFileDelivery): void {
    const { findings, header, signatures, terms, corrections, dues, sla } = this.#parts
    const receipt = delivery.value
    const { seq } = receipt
    const name = `receipt ${seq}`
    const isTwice = this.isTwice(seq)
    this.#sequence.next(line, seq)
    findings.same('links', line, `Lane of ${name}`, header.lane, receipt.lane)
    if (work) this.#checkWork(line, receipt, work)
    else findings.same('links', line, `Work receipt of ${name}`, ZERO_BYTES32, receipt.workHash)
    const hash = structHashBytes('DeliveryReceipt', receipt)
    this.#leaves.add(leafBytesOfHash('DeliveryReceipt', hash))
    const { signature } = delivery
    signatures.add({ line, what: 'Signature of the lane on', seq, hash, signature, signer: header.lane })

    this.#add(receipt.price)
    const [high, low] = numbersOf(receipt.requestId)
    this.#attempts.add(high, (low % 2 ** 44) * 256 + receipt.attempt, line)
    const known = terms.of(line, name, receipt.termsHash)
    if (!known) return
    const price = deliveryPriceMicroUsd(receipt, known.prices)
    findings.same('prices', line, `Price of ${name} in µUSD`, price, receipt.price)
    // Of two with one number, the first counts: what the second spoils is named there, not on vouchers and counts.
    if (isTwice) return
    dues.add(line, receipt, known.terms)
    dues.refund(receipt.channelId, known.terms, corrections.refundOf(receipt, known))
    sla.add(receipt)
  }

  #checkWork(
    line: number,
    delivery: Struct<'DeliveryReceipt'>,
    { value, signature }: Signed<Struct<'WorkReceipt'>>,
  ): void {
    const { findings, signatures } = this.#parts
    const { seq } = delivery
    const name = `receipt ${seq}`
    const hash = structHashBytes('WorkReceipt', value)
    this.#leaves.add(leafBytesOfHash('WorkReceipt', hash))
    findings.same('links', line, `Hash of the work that ${name} answers`, delivery.workHash, bytesToHex(hash))
    for (const { field, kind, delivered, worked } of brokenLinks(delivery, value)) {
      if (kind === 'field') findings.add('links', line, `${field} of the work under ${name}`, delivered, worked)
      else findings.add('links', line, `${field} of ${name}`, `at most ${worked} as in the work`, delivered)
    }
    const what = 'Signature of the node on the work under'
    signatures.add({ line, what, seq, hash, signature, signer: value.nodeId })
    this.#nodeSeqs.add(value.seq, this.#numberOfNode(value.nodeId), line)
  }

  #numberOfNode(nodeId: Hex): number {
    let number = this.#nodeNumbers.get(nodeId)
    if (number === undefined) this.#nodeNumbers.set(nodeId, (number = this.#nodeNumbers.size))
    return number
  }

  checkLease(line: number, { lease, laneSignature, nodeSignature }: EpochFileLease): void {
    const { findings, header, signatures, terms, dues, sla } = this.#parts
    const { seq } = lease
    const name = `receipt ${seq}`
    const isTwice = this.isTwice(seq)
    this.#sequence.next(line, seq)
    findings.same('links', line, `Lane of ${name}`, header.lane, lease.lane)
    this.#checkPeriod(line, name, lease)
    const hash = structHashBytes('LeaseReceipt', lease)
    this.#leaves.add(leafBytesOfHash('LeaseReceipt', hash))
    const signer = header.lane
    signatures.add({ line, what: 'Signature of the lane on', seq, hash, signature: laneSignature, signer })
    // The node signs before the lane gives a number.
    const reading = structHashBytes('LeaseReceipt', leaseReadingOf(lease))
    const ofNode = { signature: nodeSignature, signer: lease.nodeId }
    signatures.add({ line, what: 'Signature of the node on', seq, hash: reading, ...ofNode })
    this.#add(lease.price)
    const known = terms.of(line, name, lease.termsHash)
    if (!known) return
    findings.same('prices', line, `Price of ${name} in µUSD`, leasePriceMicroUsd(lease, known.terms), lease.price)
    if (isTwice) return
    dues.add(line, lease, known.terms)
    sla.addLease(lease)
  }

  /** No second of a lease is metered twice. */
  #checkPeriod(line: number, name: string, { leaseId, fromMs, toMs }: LeaseReceipt): void {
    const { findings } = this.#parts
    if (toMs < fromMs) findings.add('links', line, `End of ${name}`, `${fromMs} or later`, toMs)
    const meteredToMs = this.#leases.get(leaseId) ?? 0
    if (fromMs < meteredToMs) {
      const expected = `${meteredToMs} or later, where the last one ends`
      findings.add('links', line, `Begin of ${name}`, expected, fromMs)
    }
    this.#leases.set(leaseId, Math.max(meteredToMs, toMs))
  }

  /** Whether the file has a receipt of this number already. */
  isTwice(seq: number): boolean {
    return this.#sequence.isTwice(seq)
  }

  #add(price: bigint): void {
    this.count++
    this.sum += price
  }

  /** After the last line: gaps, what is there twice, and the root. `nextLine` is where one more receipt would stand. */
  finish(nextLine: number): void {
    const { findings, header, corrections } = this.#parts
    this.#sequence.finish(nextLine)
    corrections.finish()
    this.#findDoubled()
    this.leafCount = this.#leaves.size
    if (this.leafCount > 0) this.root = merkleRoot(this.#leaves)
    this.#leaves.clear()
    findings.same('root', null, 'Leaves, against the header', header.count, this.leafCount)
    findings.same('root', null, 'Sum of prices in µUSD, against the header', header.sum, this.sum)
    const root = this.root ?? 'none: there is no receipt'
    findings.same('root', null, 'Merkle root of the receipts, against the header', header.root, root)
  }

  /** Of a file that cannot be read further: what the receipts before say of each other. */
  finishDamaged(): void {
    this.#sequence.finishGaps()
    this.#findDoubled()
    this.leafCount = this.#leaves.size
    this.#leaves.clear()
  }

  #findDoubled(): void {
    const { findings } = this.#parts
    for (const { line, earlier } of this.#nodeSeqs.take()) {
      findings.add('sequence', line, 'Work of one number of a node', 'once', `again, as on line ${earlier}`)
    }
    for (const { line, earlier } of this.#attempts.take()) {
      findings.add('sequence', line, 'A request’s attempt', 'one receipt', `another, as on line ${earlier}`)
    }
  }

  describe(): void {
    const { findings, corrections } = this.#parts
    findings.detail('sequence', counted(this.count, 'number of the lane', 'numbers of the lane'))
    findings.detail('links', counted(this.count, 'receipt', 'receipts'))
    corrections.describe(this.count, this.sum)
    findings.detail('root', `${counted(this.leafCount, 'leaf', 'leaves')}, Σ ${this.sum} µUSD`)
  }
}
