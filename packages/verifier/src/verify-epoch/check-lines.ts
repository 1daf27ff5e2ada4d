/**
 * Everything about an epoch file that the file itself can prove or refute, line by line in one reading.
 *
 * Synchronous and without I/O; signatures are handed on to be checked elsewhere. Each kind of line has its own checker in
 * `lines/`; this one holds their order and brings them together.
 */
import { counted } from '@isochrone/domain'
import {
  epochFileLineRank,
  type EpochFileHeader,
  type EpochFileLine,
  type EpochFileVoucher,
  type Hex,
  type PerformanceRecord,
  type Voucher,
} from '@isochrone/protocol'
import type { NodePerformance } from '../sla/evaluate-sla.ts'
import { CorrectionLines } from './lines/correction-lines.ts'
import { Dues, type Due, type NodeOfProvider } from './lines/dues.ts'
import { LineSignatures } from './lines/line-signatures.ts'
import { PerformanceLines } from './lines/performance-lines.ts'
import { ReceiptLines } from './lines/receipt-lines.ts'
import { TermsLines, type KnownTerms } from './lines/terms-lines.ts'
import type { Findings } from './report.ts'
import type { SignatureToCheck } from './signature-pool.ts'

/** A voucher with its line. */
export interface FoundVoucher {
  line: number
  value: Voucher
}

/** What there is from the header on. */
interface Body {
  header: EpochFileHeader
  signatures: LineSignatures
  performance: PerformanceLines
  receipts: ReceiptLines
}

export class LineChecker {
  readonly #findings: Findings
  readonly #checkSignature: (signature: SignatureToCheck) => void
  readonly #terms: TermsLines
  readonly #corrections: CorrectionLines
  readonly #dues = new Dues()
  readonly vouchers: FoundVoucher[] = []
  #body: Body | null = null
  #lastKind = -1
  /** By rank of the lines' kinds, ascending. */
  readonly #firstLines = new Map<number, number>()
  /** Where one more receipt would stand. */
  #nextReceiptLine = 1

  constructor(findings: Findings, checkSignature: (signature: SignatureToCheck) => void) {
    this.#findings = findings
    this.#checkSignature = checkSignature
    this.#terms = new TermsLines(findings)
    this.#corrections = new CorrectionLines(findings)
  }

  get header(): EpochFileHeader | null {
    return this.#body?.header ?? null
  }

  get terms(): ReadonlyMap<Hex, KnownTerms> {
    return this.#terms.byHash
  }

  /** By channel and provider. */
  get dues(): ReadonlyMap<string, Due> {
    return this.#dues.byPair
  }

  get nodes(): ReadonlyMap<string, NodeOfProvider> {
    return this.#dues.nodes
  }

  get records(): readonly { line: number; value: PerformanceRecord }[] {
    return this.#body?.performance.records ?? []
  }

  /** Delivery and lease receipts. */
  get receipts(): number {
    return this.#body?.receipts.count ?? 0
  }

  /** 0 before {@link finish}. */
  get leaves(): number {
    return this.#body?.receipts.leafCount ?? 0
  }

  /** Σ price, µUSD. */
  get sum(): bigint {
    return this.#body?.receipts.sum ?? 0n
  }

  /** Null before {@link finish}, and when there is no receipt. */
  get root(): Hex | null {
    return this.#body?.receipts.root ?? null
  }

  /** What the receipts read so far make of each node; later receipts are not counted any more. */
  get performance(): readonly NodePerformance[] {
    return this.#body?.performance.expected() ?? []
  }

  check(line: number, content: EpochFileLine): void {
    if (content.kind === 'header') return this.#checkHeader(line, content)
    if (!this.#body) {
      this.#findings.add('form', line, 'The first line', 'a header', content.kind)
      return
    }
    const { receipts, performance } = this.#body
    this.#checkOrder(line, content, receipts)
    if (this.#lastKind <= epochFileLineRank.delivery) this.#nextReceiptLine = line + 1
    switch (content.kind) {
      case 'terms':
        return this.#terms.check(line, content)
      case 'correction':
        return this.#corrections.check(line, content)
      case 'delivery':
        return receipts.checkDelivery(line, content)
      case 'lease':
        return receipts.checkLease(line, content)
      case 'voucher':
        return this.#checkVoucher(line, content, this.#body)
      case 'counts':
        return performance.checkCounts(line, content.counts)
      case 'record':
        return performance.checkRecord(line, content.record)
    }
  }

  /** After the last line. */
  finish(lastLine: number): void {
    if (!this.#body) {
      this.#findings.add('form', null, 'The epoch file', 'a header and receipts', 'no line at all')
      return
    }
    const { receipts, performance } = this.#body
    receipts.finish(this.#nextReceiptLine)
    this.#checkEarned()
    performance.finish(lastLine)
    this.#describeTerms()
    receipts.describe()
    performance.describe()
  }

  /** Of a file that cannot be read further: nothing is said of what is missing. */
  finishDamaged(): void {
    this.#body?.receipts.finishDamaged()
    this.#body?.receipts.describe()
    this.#describeTerms()
  }

  /** Once all receipts are known, also those that stand in a wrong place. */
  #checkEarned(): void {
    const what = 'What a voucher says that its provider earned, in µUSD'
    for (const { line, value } of this.vouchers) {
      this.#findings.same('vouchers', line, what, this.#dues.earnedBy(value.providerId), value.earned)
    }
  }

  #describeTerms(): void {
    this.#findings.detail('terms', counted(this.terms.size, 'version of terms', 'versions of terms'))
  }

  #checkHeader(line: number, header: EpochFileHeader): void {
    const findings = this.#findings
    if (this.#body) {
      findings.add('form', line, 'A second header', 'one header', 'another')
      return
    }
    const signatures = new LineSignatures(findings, header, this.#checkSignature)
    const terms = this.#terms
    const performance = new PerformanceLines(findings, header, signatures, (hash) => terms.byHash.get(hash)?.terms)
    const { sla } = performance
    const parts = { findings, header, signatures, terms, corrections: this.#corrections, dues: this.#dues, sla }
    this.#body = { header, signatures, performance, receipts: new ReceiptLines(parts) }
    this.#nextReceiptLine = line + 1
    findings.same('header', line, 'Receipts by their numbers', true, header.toSeq >= header.fromSeq)
  }

  #checkOrder(line: number, content: EpochFileLine, receipts: ReceiptLines): void {
    const { kind } = content
    const rank = epochFileLineRank[kind]
    if (rank > this.#lastKind) this.#firstLines.set(rank, line)
    this.#lastKind = Math.max(rank, this.#lastKind)
    if (rank === this.#lastKind) return
    const receipt = content.kind === 'delivery' ? content.delivery.value : content.kind === 'lease' && content.lease
    if (!receipt) {
      this.#findings.add('form', line, `The place of a ${kind} line`, 'earlier in the file', 'here')
    } else if (!receipts.isTwice(receipt.seq)) {
      // What follows the receipts is wrong without it: the place that it left is named, before those lines.
      const [, left = line] = [...this.#firstLines].find(([other]) => other > rank) ?? []
      this.#findings.add('form', left, `The place of receipt ${receipt.seq}`, 'here', `line ${line}`)
    }
  }

  #checkVoucher(line: number, { voucher }: EpochFileVoucher, { header, signatures }: Body): void {
    const { value, signature } = voucher
    this.#findings.same('vouchers', line, 'Lane of a voucher', header.lane, value.lane)
    this.#findings.same('vouchers', line, 'Epoch of a voucher', header.epoch, value.epoch)
    this.#findings.same('vouchers', line, 'Receipt root of a voucher', header.root, value.receiptRoot)
    const what = 'Signature of the lane on a voucher'
    signatures.addOfLane(line, what, 'Voucher', value, signature, header.paymentChannels)
    this.vouchers.push({ line, value })
  }
}
