/**
 * Everything about an epoch file that the file itself can prove or refute, line by line in one reading.
 *
 * Synchronous and without I/O; signatures are handed on to be checked elsewhere. What it keeps for each receipt is its
 * leaves (32 bytes each) and some numbers in columns, so that memory hardly grows with the file.
 */
import {
  bytes32ToAddress,
  bytesToHex,
  deliveryPriceMicroUsd,
  digestOfHash,
  documentHashOf,
  epochFileLineRank,
  leafBytesOfHash,
  LeafBuffer,
  leasePriceMicroUsd,
  leaseReadingOf,
  merkleRoot,
  pricesOfTerms,
  structHashBytes,
  termsHashOf,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochFileCorrection,
  type EpochFileDelivery,
  type EpochFileHeader,
  type EpochFileLease,
  type EpochFileLine,
  type EpochFileTerms,
  type EpochFileVoucher,
  type Hex,
  type MeteringCorrection,
  type PerformanceRecord,
  type Signed,
  type SigningDomain,
  type SlaCounts,
  type StructName,
  type Struct,
  type Terms,
  type Voucher,
} from '@isochrone/protocol'
import { counted, type Prices } from '@isochrone/domain'
import { createSlaEvaluator, type NodePerformance, type SlaEvaluator } from '../sla/evaluate-sla.ts'
import { DuplicateFinder, numbersOf } from './duplicates.ts'
import type { Findings } from './report.ts'
import { SequenceCheck } from './sequence.ts'
import type { SignatureToCheck } from './signature-pool.ts'

interface KnownTerms {
  terms: Terms
  prices: Prices
  line: number
}

/** What a (channel, provider) owes by the receipts of this epoch. */
export interface Due {
  channelId: Hex
  providerId: Hex
  /** µUSD. */
  sum: bigint
}

/** A voucher with its line. */
export interface FoundVoucher {
  line: number
  value: Voucher
}

/** A node, whom its terms say it belongs to, and where that was said first. */
export interface NodeOfProvider {
  nodeId: Hex
  providerId: Hex
  line: number
}

/** A signature to check, of the structure with this hash. */
interface ToSign extends Pick<SignatureToCheck, 'line' | 'what' | 'seq' | 'signature'> {
  hash: Uint8Array
  /** A node or lane: an address in 32 bytes. */
  signer: Hex
  verifyingContract?: Hex
}

export class LineChecker {
  readonly #findings: Findings
  readonly #checkSignature: (signature: SignatureToCheck) => void
  readonly terms = new Map<Hex, KnownTerms>()
  readonly dues = new Map<string, Due>()
  /** Σ price of each provider's receipts, µUSD. */
  readonly #earned = new Map<Hex, bigint>()
  readonly vouchers: FoundVoucher[] = []
  readonly records: { line: number; value: PerformanceRecord }[] = []
  readonly nodes = new Map<string, NodeOfProvider>()
  readonly #leaves = new LeafBuffer()
  #leafCount = 0
  readonly #nodeSeqs = new DuplicateFinder()
  readonly #nodeNumbers = new Map<Hex, number>()
  readonly #attempts = new DuplicateFinder()
  /** Where the readings of each lease end, ms since the epoch. */
  readonly #leases = new Map<Hex, number>()
  #header: EpochFileHeader | null = null
  #sequence: SequenceCheck | null = null
  #sla: SlaEvaluator | null = null
  #performance: NodePerformance[] | null = null
  #expectedCounts: SlaCounts[] = []
  #countsSeen = 0
  #recordsSeen = 0
  readonly #corrections = new Map<number, { line: number; correction: MeteringCorrection }>()
  #lastCorrected = 0
  #corrected = 0
  #refunded = 0n
  #lastTermsHash = ''
  #lastKind = -1
  #receipts = 0
  #sum = 0n
  #root: Hex | null = null

  constructor(findings: Findings, checkSignature: (signature: SignatureToCheck) => void) {
    this.#findings = findings
    this.#checkSignature = checkSignature
  }

  get header(): EpochFileHeader | null {
    return this.#header
  }

  /** Delivery and lease receipts. */
  get receipts(): number {
    return this.#receipts
  }

  /** 0 before {@link finish}. */
  get leaves(): number {
    return this.#leafCount
  }

  /** Σ price, µUSD. */
  get sum(): bigint {
    return this.#sum
  }

  /** Null before {@link finish}, and when there is no receipt. */
  get root(): Hex | null {
    return this.#root
  }

  /** What the receipts read so far make of each node; later receipts are not counted any more. */
  get performance(): readonly NodePerformance[] {
    return this.#finishReceipts()
  }

  check(line: number, content: EpochFileLine): void {
    if (content.kind === 'header') return this.#checkHeader(line, content)
    if (!this.#header) {
      this.#findings.add('form', line, 'The first line', 'a header', content.kind)
      return
    }
    this.#checkOrder(line, content)
    switch (content.kind) {
      case 'terms':
        return this.#checkTerms(line, content)
      case 'correction':
        return this.#checkCorrection(line, content)
      case 'delivery':
        return this.#checkDelivery(line, content, this.#header)
      case 'lease':
        return this.#checkLease(line, content, this.#header)
      case 'voucher':
        return this.#checkVoucher(line, content, this.#header)
      case 'counts':
        return this.#checkCounts(line, content.counts)
      case 'record':
        return this.#checkRecord(line, content.record, this.#header)
    }
  }

  /** After the last line. */
  finish(lastLine: number): void {
    const header = this.#header
    if (!header) {
      this.#findings.add('form', null, 'The epoch file', 'a header and receipts', 'no line at all')
      return
    }
    this.#sequence?.finish(lastLine, header.toSeq)
    for (const [seq, { line }] of this.#corrections) {
      this.#findings.add('prices', line, `Receipt ${seq}, which a correction names`, 'one in the file', 'none')
    }
    this.#reportDuplicates()
    this.#leafCount = this.#leaves.size
    if (this.#leafCount > 0) this.#root = merkleRoot(this.#leaves)
    this.#leaves.clear()
    this.#findings.same('root', null, 'Leaves, against the header', header.count, this.#leafCount)
    this.#findings.same('root', null, 'Sum of prices in µUSD, against the header', header.sum, this.#sum)
    this.#findings.same(
      'root',
      null,
      'Merkle root of the receipts, against the header',
      header.root,
      this.#root ?? 'none: there is no receipt',
    )
    const performance = this.#finishReceipts()
    const counts = this.#expectedCounts.length
    if (this.#countsSeen < counts) {
      this.#findings.add('sla', lastLine, 'Lines of performance counts', counts, this.#countsSeen)
    }
    if (this.#recordsSeen < performance.length) {
      this.#findings.add('sla', lastLine, 'Performance records', performance.length, this.#recordsSeen)
    }
    this.#describe()
  }

  #checkHeader(line: number, header: EpochFileHeader): void {
    if (this.#header) {
      this.#findings.add('form', line, 'A second header', 'one header', 'another')
      return
    }
    this.#header = header
    this.#sequence = new SequenceCheck(this.#findings, header.fromSeq)
    const { lane, epoch } = header
    this.#sla = createSlaEvaluator({ lane, epoch, terms: (hash) => this.terms.get(hash)?.terms })
    this.#findings.same('header', line, 'Receipts by their numbers', true, header.toSeq >= header.fromSeq)
  }

  #checkOrder(line: number, { kind }: EpochFileLine): void {
    const rank = epochFileLineRank[kind]
    if (rank < this.#lastKind)
      this.#findings.add('form', line, `The place of a ${kind} line`, 'earlier in the file', 'here')
    this.#lastKind = Math.max(rank, this.#lastKind)
  }

  #checkTerms(line: number, { terms, document }: EpochFileTerms): void {
    const hash = termsHashOf(terms)
    if (hash <= this.#lastTermsHash) this.#findings.add('terms', line, 'Order of terms', 'ascending hashes', hash)
    this.#lastTermsHash = hash
    this.#findings.same(
      'terms',
      line,
      'Hash of the document of the terms',
      terms.documentHash,
      documentHashOf(document),
    )
    this.terms.set(hash, { terms, prices: pricesOfTerms(terms), line })
  }

  /** Corrections stand before the receipts that they are of: few against many. */
  #checkCorrection(line: number, { kind: _kind, ...correction }: EpochFileCorrection): void {
    const { seq } = correction
    if (seq <= this.#lastCorrected) this.#findings.add('form', line, 'Order of corrections', 'ascending numbers', seq)
    this.#lastCorrected = seq
    this.#corrections.set(seq, { line, correction })
  }

  /**
   * A correction bills no more than its receipt, and takes off what its terms say that the difference costs. Whether the
   * text is what the lane says is private: a lane may write any count down to 0 here, so that what it took is named as not checked.
   */
  #correct(receipt: DeliveryReceipt, { prices, terms }: KnownTerms): void {
    const found = this.#corrections.get(receipt.seq)
    if (!found) return
    this.#corrections.delete(receipt.seq)
    const { line, correction } = found
    const { billedIn, billedCached, billedOut, refund } = correction
    for (const field of ['billedIn', 'billedCached', 'billedOut'] as const) {
      if (correction[field] <= receipt[field]) continue
      const what = `${field} in the correction of receipt ${receipt.seq}`
      this.#findings.add('prices', line, what, `at most ${receipt[field]} as in the receipt`, correction[field])
    }
    const price = deliveryPriceMicroUsd({ ...receipt, billedIn, billedCached, billedOut }, prices)
    this.#findings.same('prices', line, `Refund of receipt ${receipt.seq} in µUSD`, receipt.price - price, refund)
    const due = this.dues.get(receipt.channelId + terms.providerId)
    if (due) due.sum -= refund
    this.#corrected++
    this.#refunded += refund
  }

  #checkDelivery(line: number, { delivery, work }: EpochFileDelivery, header: EpochFileHeader): void {
    const receipt = delivery.value
    const { seq } = receipt
    const name = `receipt ${seq}`
    this.#sequence?.next(line, receipt.seq)
    this.#findings.same('links', line, `Lane of ${name}`, header.lane, receipt.lane)
    if (work) this.#checkWork(line, receipt, work)
    else this.#findings.same('links', line, `Work receipt of ${name}`, ZERO_BYTES32, receipt.workHash)
    const hash = structHashBytes('DeliveryReceipt', receipt)
    this.#leaves.add(leafBytesOfHash('DeliveryReceipt', hash))
    this.#sign({
      line,
      what: 'Signature of the lane on',
      seq,
      hash,
      signature: delivery.signature,
      signer: header.lane,
    })

    this.#receipts++
    this.#sum += receipt.price
    const [high, low] = numbersOf(receipt.requestId)
    this.#attempts.add(high, (low % 2 ** 44) * 256 + receipt.attempt, line)
    const known = this.#termsOf(line, name, receipt.termsHash)
    if (!known) return
    const price = deliveryPriceMicroUsd(receipt, known.prices)
    this.#findings.same('prices', line, `Price of ${name} in µUSD`, price, receipt.price)
    this.#owe(line, receipt, known.terms)
    this.#correct(receipt, known)
    this.#sla?.add(receipt)
  }

  #checkWork(
    line: number,
    delivery: Struct<'DeliveryReceipt'>,
    { value, signature }: Signed<Struct<'WorkReceipt'>>,
  ): void {
    const { seq } = delivery
    const name = `receipt ${seq}`
    const hash = structHashBytes('WorkReceipt', value)
    this.#leaves.add(leafBytesOfHash('WorkReceipt', hash))
    this.#findings.same('links', line, `Hash of the work that ${name} answers`, delivery.workHash, bytesToHex(hash))
    for (const field of ['channelId', 'requestId', 'attempt', 'nodeId', 'termsHash'] as const) {
      this.#findings.same('links', line, `${field} of the work under ${name}`, delivery[field], value[field])
    }
    for (const [billed, worked] of billedAgainstWork) {
      if (delivery[billed] <= value[worked]) continue
      this.#findings.add(
        'links',
        line,
        `${billed} of ${name}`,
        `at most ${value[worked]} as in the work`,
        delivery[billed],
      )
    }
    this.#sign({ line, what: 'Signature of the node on the work under', seq, hash, signature, signer: value.nodeId })
    this.#nodeSeqs.add(value.seq, this.#numberOfNode(value.nodeId), line)
  }

  #numberOfNode(nodeId: Hex): number {
    let number = this.#nodeNumbers.get(nodeId)
    if (number === undefined) this.#nodeNumbers.set(nodeId, (number = this.#nodeNumbers.size))
    return number
  }

  #checkLease(line: number, content: EpochFileLease, header: EpochFileHeader): void {
    const { lease, laneSignature, nodeSignature } = content
    const { seq } = lease
    const name = `receipt ${seq}`
    this.#sequence?.next(line, lease.seq)
    this.#findings.same('links', line, `Lane of ${name}`, header.lane, lease.lane)
    if (lease.toMs < lease.fromMs)
      this.#findings.add('links', line, `End of ${name}`, `${lease.fromMs} or later`, lease.toMs)
    const hash = structHashBytes('LeaseReceipt', lease)
    this.#leaves.add(leafBytesOfHash('LeaseReceipt', hash))
    this.#sign({ line, what: 'Signature of the lane on', seq, hash, signature: laneSignature, signer: header.lane })
    // The node signs before the lane gives a number.
    const reading = structHashBytes('LeaseReceipt', leaseReadingOf(lease))
    this.#sign({
      line,
      what: 'Signature of the node on',
      seq,
      hash: reading,
      signature: nodeSignature,
      signer: lease.nodeId,
    })
    const meteredToMs = this.#leases.get(lease.leaseId) ?? 0
    if (lease.fromMs < meteredToMs)
      this.#findings.add(
        'links',
        line,
        `Begin of ${name}`,
        `${meteredToMs} or later, where the last one ends`,
        lease.fromMs,
      )
    this.#leases.set(lease.leaseId, Math.max(meteredToMs, lease.toMs))
    this.#receipts++
    this.#sum += lease.price
    const known = this.#termsOf(line, name, lease.termsHash)
    if (!known) return
    this.#findings.same('prices', line, `Price of ${name} in µUSD`, leasePriceMicroUsd(lease, known.terms), lease.price)
    this.#owe(line, lease, known.terms)
    this.#sla?.addLease(lease)
  }

  #termsOf(line: number, name: string, termsHash: Hex): KnownTerms | undefined {
    const known = this.terms.get(termsHash)
    if (!known)
      this.#findings.add('terms', line, `Terms of ${name}`, `terms ${termsHash} in the file`, 'none of that hash')
    return known
  }

  #owe(line: number, receipt: { nodeId: Hex; channelId: Hex; price: bigint }, { providerId }: Terms): void {
    const { nodeId, channelId, price } = receipt
    const node = nodeId + providerId
    if (!this.nodes.has(node)) this.nodes.set(node, { nodeId, providerId, line })
    this.#earned.set(providerId, (this.#earned.get(providerId) ?? 0n) + price)
    const key = channelId + providerId
    const due = this.dues.get(key)
    if (due) due.sum += price
    else this.dues.set(key, { channelId, providerId, sum: price })
  }

  #checkVoucher(line: number, { voucher }: EpochFileVoucher, header: EpochFileHeader): void {
    const { value, signature } = voucher
    this.#findings.same('vouchers', line, 'Lane of a voucher', header.lane, value.lane)
    this.#findings.same('vouchers', line, 'Epoch of a voucher', header.epoch, value.epoch)
    this.#findings.same('vouchers', line, 'Receipt root of a voucher', header.root, value.receiptRoot)
    const earned = this.#earned.get(value.providerId) ?? 0n
    this.#findings.same('vouchers', line, 'What a voucher says that its provider earned, in µUSD', earned, value.earned)
    this.#signStruct(line, 'Signature of the lane on a voucher', 'Voucher', value, signature, header.paymentChannels)
    this.vouchers.push({ line, value })
  }

  #checkCounts(line: number, counts: SlaCounts): void {
    this.#finishReceipts()
    const expected = this.#expectedCounts[this.#countsSeen++]
    if (!expected) {
      this.#findings.add('sla', line, 'Lines of performance counts', this.#expectedCounts.length, this.#countsSeen)
      return
    }
    this.#sameStruct(line, 'performance counts', expected, counts)
  }

  #checkRecord(line: number, { value, signature }: Signed<PerformanceRecord>, header: EpochFileHeader): void {
    const expected = this.#finishReceipts()[this.#recordsSeen++]?.record
    if (expected) this.#sameStruct(line, 'a performance record', expected, value)
    else this.#findings.add('sla', line, 'Performance records', this.#performance?.length, this.#recordsSeen)
    this.#signStruct(line, 'Signature of the lane on a record', 'PerformanceRecord', value, signature, header.slaLedger)
    this.records.push({ line, value })
  }

  #finishReceipts(): NodePerformance[] {
    if (!this.#performance) {
      this.#performance = this.#sla?.finish() ?? []
      this.#expectedCounts = this.#performance.flatMap(({ counts }) => counts)
    }
    return this.#performance
  }

  #sameStruct<T extends object>(line: number, name: string, expected: T, found: T): void {
    for (const field of Object.keys(expected) as (keyof T & string)[]) {
      this.#findings.same('sla', line, `${field} of ${name}`, expected[field], found[field])
    }
  }

  #reportDuplicates(): void {
    for (const { line, earlier } of this.#nodeSeqs.take()) {
      this.#findings.add('sequence', line, 'Work of one number of a node', 'once', `again, as on line ${earlier}`)
    }
    for (const { line, earlier } of this.#attempts.take()) {
      this.#findings.add('sequence', line, 'A request’s attempt', 'one receipt', `another, as on line ${earlier}`)
    }
  }

  #signStruct<N extends StructName>(
    line: number,
    what: string,
    name: N,
    value: Struct<N>,
    signature: Hex,
    verifyingContract: Hex,
  ): void {
    const lane = (value as { lane?: Hex }).lane as Hex
    this.#sign({
      line,
      what,
      seq: null,
      hash: structHashBytes(name, value),
      signature,
      signer: lane,
      verifyingContract,
    })
  }

  #sign({ line, what, seq, hash, signature, signer, verifyingContract }: ToSign): void {
    const header = this.#header as EpochFileHeader
    let address: Hex
    try {
      address = bytes32ToAddress(signer)
    } catch {
      const whose = seq === null ? what : `${what} receipt ${seq}`
      this.#findings.add('signatures', line, whose, 'a signer named by an address', signer)
      return
    }
    const domain: SigningDomain = {
      chainId: header.chainId,
      verifyingContract: verifyingContract ?? header.paymentChannels,
    }
    this.#checkSignature({ digest: digestOfHash(domain, hash), signature, signer: address, line, what, seq })
  }

  #describe(): void {
    const records = counted(this.#recordsSeen, 'record', 'records')
    this.#findings.detail('terms', counted(this.terms.size, 'version of terms', 'versions of terms'))
    this.#findings.detail('sequence', counted(this.#receipts, 'number of the lane', 'numbers of the lane'))
    this.#findings.detail('links', counted(this.#receipts, 'receipt', 'receipts'))
    const prices = counted(this.#receipts, 'price computed again', 'prices computed again')
    const corrections = counted(this.#corrected, 'correction', 'corrections')
    const taken = `${this.#refunded} of ${this.#sum} µUSD`
    this.#findings.detail('prices', this.#corrected === 0 ? prices : `${prices}, ${corrections} taking ${taken}`)
    if (this.#corrected > 0) {
      this.#findings.unchecked.push(`the texts behind ${corrections}, which take ${taken} from providers (private)`)
      this.#findings.notes.push(
        `Not checked: recounted tokens. ${corrections} by the lane ${this.#corrected === 1 ? 'takes' : 'take'} ${taken} from providers, who are paid that much less. The texts are private: only payer, node and lane can count them, and a lane can write down any count below the receipt's.`,
      )
    }
    this.#findings.detail('root', `${counted(this.leaves, 'leaf', 'leaves')}, Σ ${this.#sum} µUSD`)
    this.#findings.detail('sla', `${records}, ${counted(this.#countsSeen, 'payer’s counts', 'payers’ counts')}`)
  }
}

const billedAgainstWork = [
  ['billedIn', 'tokensIn'],
  ['billedCached', 'tokensCached'],
  ['billedOut', 'tokensOut'],
] as const
