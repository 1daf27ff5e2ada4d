/**
 * Whether a node may sign its performance record: the lane's own signatures, this node's receipts in the file against
 * its own log, and the record recomputed from them.
 *
 * What other nodes did is not checked here, only skipped; anyone can, with `npm run verify-epoch` on the copy.
 */
import { createReadStream } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  addressToBytes32,
  bytes32ToAddress,
  decodeStruct,
  deliveryPriceMicroUsd,
  parseEpochFileLine,
  pricesOfTerms,
  readEpochFileText,
  recoverStructSigner,
  structHash,
  termsHashOf,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochAnchor,
  type EpochFileHeader,
  type EpochFileLine,
  type EpochNotice,
  type Hex,
  type PerformanceRecord,
  type ReceiptPair,
  type SigningDomain,
  type Terms,
} from '@isochrone/protocol'
import { createSlaEvaluator } from '@isochrone/verifier/sla'

/** The gateway at the other end of a link: its lane, and the domain of receipts that it named. */
export interface EpochPeer {
  lane: Hex
  domain: SigningDomain
}

/** Why the node does not sign. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

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
}

/** Throws {@link Disagreement} naming the first thing that is wrong, or `invalid_input` for a file that is none. */
export async function checkEpochFile({
  path,
  notice,
  checked,
  peer,
  nodeId,
  delivered,
}: CheckEpochFile): Promise<void> {
  const { anchor, record } = checked
  const terms = new Map<Hex, Terms>()
  const sla = createSlaEvaluator({
    lane: peer.lane,
    epoch: anchor.epoch,
    terms: (hash) => terms.get(hash),
    nodeId,
  })
  const missing = new Set(delivered.keys())
  let ownRecord: PerformanceRecord | null = null
  let hasHeader = false
  let checkedReceipts = 0

  async function take(line: EpochFileLine): Promise<void> {
    if (line.kind === 'header') {
      checkHeader(line, notice, anchor, peer)
      hasHeader = true
    }
    if (line.kind === 'terms') terms.set(termsHashOf(line.terms), line.terms)
    if (line.kind === 'record' && line.record.value.nodeId === nodeId) ownRecord = line.record.value
    if (line.kind === 'lease' && line.lease.nodeId === nodeId) sla.addLease(line.lease)
    if (line.kind !== 'delivery' || line.delivery.value.nodeId !== nodeId) return
    const { value } = line.delivery
    checkReceipt(line, { anchor, peer, nodeId, terms: terms.get(value.termsHash), known: delivered.get(value.seq) })
    missing.delete(value.seq)
    sla.add(value)
    if (++checkedReceipts % RECEIPTS_PER_TURN === 0) await nextTurn()
  }

  const inflatedBytesMax = Math.min(INFLATED_BYTES_MAX, 1_000_000 + notice.fileBytes * 40)
  for await (const batch of readEpochFileText(createReadStream(path), { inflatedBytesMax })) {
    for (const { lineNumber, text } of batch) {
      // Most lines are other nodes' and need no parsing.
      if (isWanted(text, nodeId)) await take(parseEpochFileLine(lineNumber, text))
    }
  }
  if (!hasHeader) throw new Disagreement('the file has no header')

  const [omitted] = missing
  if (omitted !== undefined) throw new Disagreement(`delivery ${omitted} of this node is missing in the file`)
  checkRecord(sla.finish()[0]?.record, record)
  if (ownRecord === null || !isSameRecord(ownRecord, record)) {
    throw new Disagreement('the file holds another record of this node')
  }
}

function isWanted(text: string, nodeId: Hex): boolean {
  if (text.startsWith('{"kind":"header"') || text.startsWith('{"kind":"terms"')) return true
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

interface ReceiptContext {
  anchor: EpochAnchor
  peer: EpochPeer
  nodeId: Hex
  terms: Terms | undefined
  /** Hash of the delivery of that number which this node was sent. */
  known: Hex | undefined
}

function checkReceipt({ delivery, work }: ReceiptPair, { anchor, peer, nodeId, terms, known }: ReceiptContext): void {
  const { value } = delivery
  const wrong = (what: string) => new Disagreement(`delivery ${value.seq}: ${what}`)
  if (value.lane !== peer.lane || value.seq < anchor.fromSeq || value.seq > anchor.toSeq) {
    throw wrong('not of this lane and span')
  }
  if (known !== undefined && structHash('DeliveryReceipt', value) !== known) {
    throw wrong('another one than this lane sent to this node')
  }
  const laneSigner = recoverStructSigner(peer.domain, 'DeliveryReceipt', delivery)
  if (laneSigner !== bytes32ToAddress(peer.lane)) throw wrong('not signed by the lane')
  if (!terms) throw wrong('its terms are not in the file')
  if (!isPriced(value, terms)) throw wrong('its price does not follow from the terms')
  if (work === null) {
    if (value.workHash !== ZERO_BYTES32) throw wrong('its work receipt is not in the file')
    return
  }
  const nodeSigner = recoverStructSigner(peer.domain, 'WorkReceipt', work)
  if (nodeSigner === null || addressToBytes32(nodeSigner) !== nodeId) throw wrong('its work is not signed by this node')
  if (structHash('WorkReceipt', work.value) !== value.workHash) throw wrong('it names another work receipt')
}

/** Nothing at all may be charged for an attempt; what is charged follows from the counts. */
const isPriced = (delivery: DeliveryReceipt, terms: Terms): boolean =>
  deliveryPriceMicroUsd(delivery, pricesOfTerms(terms)) === delivery.price

function checkRecord(computed: PerformanceRecord | undefined, record: PerformanceRecord): void {
  if (!computed) throw new Disagreement('the file holds no receipt of this node')
  for (const field of ['earned', 'attempts', 'faults'] as const) {
    if (computed[field] !== record[field]) {
      throw new Disagreement(`${field} is ${computed[field]} by the receipts, and the record says ${record[field]}`)
    }
  }
  if (computed.countsRoot !== record.countsRoot) throw new Disagreement('the counts do not follow from the receipts')
}

const isSameRecord = (a: PerformanceRecord, b: PerformanceRecord): boolean =>
  structHash('PerformanceRecord', a) === structHash('PerformanceRecord', b)
