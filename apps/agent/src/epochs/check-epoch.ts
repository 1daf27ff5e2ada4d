/**
 * Whether a node may sign its performance record: the lane's own signatures, this node's receipts in the file against
 * its own log, and the record recomputed from them.
 *
 * What other nodes did is not checked here, only skipped; anyone can, with `npm run verify-epoch` on the copy.
 */
import { createReadStream } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  bytes32ToAddress,
  decodeStruct,
  parseEpochFileLine,
  readEpochFileText,
  recoverStructSigner,
  structHash,
  termsHashOf,
  type EpochAnchor,
  type EpochFileHeader,
  type EpochFileLine,
  type EpochNotice,
  type Hex,
  type PerformanceRecord,
  type Terms,
} from '@isochrone/protocol'
import { createSlaEvaluator } from '@isochrone/verifier/sla'
import { checkLease, checkReceipt, Disagreement, type EpochPeer, type OwnWork } from './check-receipt.ts'
import { OwnCorrections } from './own-corrections.ts'

/** A notice in which every signature is the lane's and every name fits. */
export interface CheckedNotice {
  anchor: EpochAnchor
  record: PerformanceRecord
}

/** Receipts of this node that are checked before others get their turn: about a millisecond. */
const RECEIPTS_PER_TURN = 8
/** A file may inflate to about twenty times its size, and to no more than this. */
const INFLATED_BYTES_MAX = 4 * 2 ** 30

/** Throws {@link Disagreement}, or `invalid_input` for what is no anchor or no record. */
export function checkNotice(notice: EpochNotice, { lane, domain }: EpochPeer, nodeId: Hex): CheckedNotice {
  const anchor = decodeStruct('EpochAnchor', notice.anchor)
  const record = decodeStruct('PerformanceRecord', notice.record)
  const laneAddress = bytes32ToAddress(lane)
  const signedBy = (name: 'EpochAnchor' | 'PerformanceRecord', verifyingContract: string, signature: string) => {
    const at = { chainId: domain.chainId, verifyingContract: verifyingContract as Hex }
    const value = name === 'EpochAnchor' ? anchor : record
    return recoverStructSigner(at, name, { value: value as never, signature: signature as Hex })
  }
  if (signedBy('EpochAnchor', notice.receiptAnchor, notice.anchorSignature) !== laneAddress || anchor.lane !== lane) {
    throw new Disagreement('the anchor is not signed by the lane')
  }
  if (signedBy('PerformanceRecord', notice.slaLedger, notice.recordSignature) !== laneAddress) {
    throw new Disagreement('the record is not signed by the lane')
  }
  if (anchor.fromSeq > anchor.toSeq) throw new Disagreement('the anchor ends before it begins')
  if (record.nodeId !== nodeId || record.lane !== lane || record.epoch !== anchor.epoch) {
    throw new Disagreement('the record is not of this node, lane and epoch')
  }
  return { anchor, record }
}

export interface CheckEpochFile {
  path: string
  notice: EpochNotice
  checked: CheckedNotice
  peer: EpochPeer
  nodeId: Hex
  /** Struct hashes of the delivery receipts that this lane has sent to this node, by number; of the epoch's span. */
  delivered: ReadonlyMap<number, Hex>
  receipts: OwnWork
}

/** What an epoch file says about this node, once it was read to its end. */
export interface CheckedFile {
  /** It holds receipts of this node, or should: then it is evidence, also when the node disagrees. */
  isOfNode: boolean
  /** The first thing that is wrong; null when the node may sign. */
  disagreement: Disagreement | null
  /** What the lane's recounts take from this node. */
  corrections: Pick<OwnCorrections, 'count' | 'refundMicroUsd'>
}

/**
 * Throws {@link Disagreement} when its header is not the anchor's, and `invalid_input` when it is no epoch file: such a
 * thing is not worth keeping.
 */
export async function checkEpochFile({
  path,
  notice,
  checked,
  peer,
  nodeId,
  delivered,
  receipts,
}: CheckEpochFile): Promise<CheckedFile> {
  const { anchor, record } = checked
  const terms = new Map<Hex, Terms>()
  const sla = createSlaEvaluator({
    lane: peer.lane,
    epoch: anchor.epoch,
    terms: (hash) => terms.get(hash),
    nodeId,
  })
  const missing = new Set(delivered.keys())
  const corrections = new OwnCorrections()
  let ownRecord: PerformanceRecord | null = null
  let ownReceipts = 0

  /** Throws {@link Disagreement}. */
  async function take(line: EpochFileLine): Promise<void> {
    if (line.kind === 'terms') terms.set(termsHashOf(line.terms), line.terms)
    if (line.kind === 'correction') corrections.add(line)
    if (line.kind === 'record' && line.record.value.nodeId === nodeId) ownRecord = line.record.value
    if (line.kind === 'lease' && line.lease.nodeId === nodeId) {
      ownReceipts++
      checkLease(line, { anchor, peer, nodeId, terms: terms.get(line.lease.termsHash) })
      sla.addLease(line.lease)
    }
    if (line.kind !== 'delivery' || line.delivery.value.nodeId !== nodeId) return
    const { value } = line.delivery
    ownReceipts++
    const known = delivered.get(value.seq)
    const ownTerms = terms.get(value.termsHash)
    checkReceipt(line, { anchor, peer, nodeId, terms: ownTerms, known, receipts })
    if (ownTerms) corrections.take(value, ownTerms)
    missing.delete(value.seq)
    sla.add(value)
    if (ownReceipts % RECEIPTS_PER_TURN === 0) await nextTurn()
  }

  let disagreement: Disagreement | null = null
  const inflatedBytesMax = Math.min(INFLATED_BYTES_MAX, 1_000_000 + notice.fileBytes * 40)
  let hasHeader = false
  for await (const batch of readEpochFileText(createReadStream(path), { inflatedBytesMax })) {
    for (const { lineNumber, text } of batch) {
      if (!isWanted(text, nodeId)) continue
      const line = parseEpochFileLine(lineNumber, text)
      if (lineNumber === 1 && line.kind === 'header') {
        checkHeader(line, notice, anchor, peer)
        hasHeader = true
      }
      if (!hasHeader) throw new Disagreement('the file has no header')
      try {
        if (disagreement === null) await take(line)
      } catch (error) {
        if (!(error instanceof Disagreement)) throw error
        // Read on: whether it is an epoch file at all shows at its end.
        disagreement = error
      }
    }
  }
  if (!hasHeader) throw new Disagreement('the file has no header')
  const isOfNode = ownReceipts > 0 || missing.size > 0
  return { isOfNode, disagreement: disagreement ?? disagreementAtEnd(), corrections }

  function disagreementAtEnd(): Disagreement | null {
    const [omitted] = missing
    if (omitted !== undefined) return new Disagreement(`delivery ${omitted} of this node is missing in the file`)
    const wrong = recordMismatch(sla.finish()[0]?.record, record)
    if (wrong !== null) return new Disagreement(wrong)
    // A corrected version is not in the file: it says what the first one should have said.
    if (record.version === 0 && (ownRecord === null || !isSameRecord(ownRecord, record))) {
      return new Disagreement('the file holds another record of this node')
    }
    return corrections.disagreement()
  }
}

const KNOWN_LINE = /^\{"kind":"(?:delivery|lease|voucher|counts|record)"/

/** Most lines are other nodes' and need no parsing. What does not look like a line of an epoch file is parsed, to fail. */
function isWanted(text: string, nodeId: Hex): boolean {
  if (!KNOWN_LINE.test(text)) return true
  return text.includes(nodeId) && !text.startsWith('{"kind":"counts"')
}

function checkHeader(header: EpochFileHeader, notice: EpochNotice, anchor: EpochAnchor, peer: EpochPeer): void {
  const wanted: Partial<EpochFileHeader> = {
    chainId: peer.domain.chainId,
    paymentChannels: peer.domain.verifyingContract,
    receiptAnchor: notice.receiptAnchor as Hex,
    slaLedger: notice.slaLedger as Hex,
    lane: anchor.lane,
    epoch: anchor.epoch,
    fromSeq: anchor.fromSeq,
    toSeq: anchor.toSeq,
    count: anchor.count,
    sum: anchor.sum,
    root: anchor.root,
  }
  for (const [field, value] of Object.entries(wanted)) {
    if (header[field as keyof EpochFileHeader] !== value) {
      throw new Disagreement(`the file's header has another ${field} than the anchor`)
    }
  }
}

/** Why the record does not follow from the receipts, or null. */
function recordMismatch(computed: PerformanceRecord | undefined, record: PerformanceRecord): string | null {
  if (!computed) return 'the file holds no receipt of this node'
  for (const field of ['earned', 'attempts', 'faults'] as const) {
    if (computed[field] !== record[field]) {
      return `${field} is ${computed[field]} by the receipts, and the record says ${record[field]}`
    }
  }
  return computed.countsRoot === record.countsRoot ? null : 'the counts do not follow from the receipts'
}

const isSameRecord = (a: PerformanceRecord, b: PerformanceRecord): boolean =>
  structHash('PerformanceRecord', a) === structHash('PerformanceRecord', b)
