/**
 * Whether a node may agree to one of its receipts in an epoch file: signatures, price, its own work, and the times that
 * its engine measured.
 */
import {
  addressToBytes32,
  bytes32ToAddress,
  deliveryPriceMicroUsd,
  fault,
  isStructSignedBy,
  leasePriceMicroUsd,
  leaseReadingOf,
  pricesOfTerms,
  recoverStructSigner,
  structHash,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochAnchor,
  type EpochFileLease,
  type Hex,
  type ReceiptPair,
  type SigningDomain,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { ReceiptLog } from '../receipts/receipt-log.ts'

/** The gateway at the other end of a link: its lane, and the domain of receipts that it named. */
export interface EpochPeer {
  lane: Hex
  domain: SigningDomain
}

/** Of this node's log. */
export type OwnWork = Pick<ReceiptLog, 'hasWorked'>

/** Why the node does not sign. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

/** What network and gateway may add to the engine's own times, ms; a lane that says more says it of itself. */
const NETWORK_ALLOWANCE_MS = 2_000

export interface ReceiptContext {
  anchor: EpochAnchor
  peer: EpochPeer
  nodeId: Hex
  terms: Terms | undefined
  /** Hash of the delivery of that number which this node was sent. */
  known: Hex | undefined
  receipts: OwnWork
}

/** Throws {@link Disagreement}. */
export function checkReceipt({ delivery, work }: ReceiptPair, context: ReceiptContext): void {
  const { anchor, peer, nodeId, terms, known, receipts } = context
  const { value } = delivery
  const wrong = (what: string) => new Disagreement(`delivery ${value.seq}: ${what}`)
  if (value.lane !== peer.lane || value.seq < anchor.fromSeq || value.seq > anchor.toSeq) {
    throw wrong('not of this lane and span')
  }
  if (known !== undefined && structHash('DeliveryReceipt', value) !== known) {
    throw wrong('another one than this lane sent to this node')
  }
  if (!isStructSignedBy(peer.domain, 'DeliveryReceipt', delivery, bytes32ToAddress(peer.lane))) {
    throw wrong('not signed by the lane')
  }
  if (!terms) throw wrong('its terms are not in the file')
  if (!isPriced(value, terms)) throw wrong('its price does not follow from the terms')
  if (work === null) {
    if (value.workHash !== ZERO_BYTES32) throw wrong('its work receipt is not in the file')
    // Also where the lane billed before it came, because the link was lost: the node cannot tell that from a lie.
    if (receipts.hasWorked(value)) throw wrong('filed as if without work, but this node has signed work for it')
    return
  }
  if (!isStructSignedBy(peer.domain, 'WorkReceipt', work, bytes32ToAddress(nodeId))) {
    throw wrong('its work is not signed by this node')
  }
  if (structHash('WorkReceipt', work.value) !== value.workHash) throw wrong('it names another work receipt')
  // Else a slow attempt's work would stand for a quick one.
  for (const field of ['channelId', 'requestId', 'attempt', 'termsHash'] as const) {
    if (work.value[field] !== value[field]) throw wrong(`its work has another ${field}`)
  }
  const miss = contradictedMiss(value, work.value, terms)
  if (miss !== null) throw wrong(miss)
}

/**
 * Why a missed promise does not stand: the engine's own times keep it, and the lane's are above them by more than a
 * network adds. The rules of what is a sample are the evaluator's, but for its thinning.
 */
function contradictedMiss(delivery: DeliveryReceipt, work: WorkReceipt, terms: Terms): string | null {
  const { billedIn, billedCached, billedOut, attemptTtftMs, durationMs } = delivery
  if (delivery.fault !== fault.none || delivery.httpStatus >= 400 || billedOut < 1 || work.tokensOut < 1) return null
  const isUnfair = (saidMs: number, ownUs: number, promisedMs: number): boolean =>
    saidMs > promisedMs && ownUs <= promisedMs * 1_000 && saidMs * 1_000 > ownUs + NETWORK_ALLOWANCE_MS * 1_000
  const ownTtftUs = work.engineTtftUs
  const ownRestUs = work.engineDurationUs - ownTtftUs
  const ttftMsMax = terms.ttftBaseMs + terms.ttftPerKtokMs * Math.ceil((billedIn + billedCached) / 1_000)
  if (ttftMsMax > 0 && isUnfair(attemptTtftMs, ownTtftUs, ttftMsMax)) {
    return `it says ${attemptTtftMs} ms to the first token, and the engine took ${Math.round(ownTtftUs / 1_000)} ms`
  }
  const restMsMax = (terms.tpotUs * (billedOut - 1)) / 1_000
  if (terms.tpotUs > 0 && billedOut >= 2 && isUnfair(durationMs - attemptTtftMs, ownRestUs, restMsMax)) {
    const saidMs = durationMs - attemptTtftMs
    return `it says ${saidMs} ms from first to last token, and the engine took ${Math.round(ownRestUs / 1_000)} ms`
  }
  return null
}

/** Nothing at all may be charged for an attempt; what is charged follows from the counts. */
const isPriced = (delivery: DeliveryReceipt, terms: Terms): boolean =>
  deliveryPriceMicroUsd(delivery, pricesOfTerms(terms)) === delivery.price

/** Throws {@link Disagreement}: only what this node has signed as a reading may be paid to it. */
export function checkLease(
  { lease, laneSignature, nodeSignature }: EpochFileLease,
  { anchor, peer, nodeId, terms }: Pick<ReceiptContext, 'anchor' | 'peer' | 'nodeId' | 'terms'>,
): void {
  const wrong = (what: string) => new Disagreement(`lease ${lease.seq}: ${what}`)
  if (!terms) throw wrong('its terms are missing')
  if (lease.lane !== peer.lane || lease.seq < anchor.fromSeq || lease.seq > anchor.toSeq) {
    throw wrong('not of this lane and span')
  }
  const lane = recoverStructSigner(peer.domain, 'LeaseReceipt', { value: lease, signature: laneSignature })
  if (lane === null || addressToBytes32(lane) !== peer.lane) throw wrong('not signed by the lane')
  const reading = leaseReadingOf(lease)
  const node = recoverStructSigner(peer.domain, 'LeaseReceipt', { value: reading, signature: nodeSignature })
  if (node === null || addressToBytes32(node) !== nodeId) throw wrong('this node has not signed it')
  if (lease.price !== leasePriceMicroUsd(lease, terms)) throw wrong('the price does not follow from the terms')
}
