/**
 * A work receipt that arrives without its stream: an agent presents what nobody has confirmed to it.
 *
 * Already billed → the delivery receipt again. Left open by an earlier process → billed now, once. Still running here
 * → later. Anything else → a refusal with its reason, so that the agent may stop.
 */
import type { Clock } from '@isochrone/domain'
import {
  encodeStruct,
  type DeliveryReceipt,
  type Hex,
  type ReceiptConfirm,
  type Signed,
  type SignedWork,
  type SigningDomain,
  type StructJson,
} from '@isochrone/protocol'
import { decodeSignedWork, notSignedBy, workHashOf, workMismatch } from './check-work.ts'
import { draftOfRecovered, type DraftContext } from './draft-delivery.ts'
import { attemptKey, type LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'
import { recoveredRequest } from './recovered-request.ts'

export interface PresentWorkDeps {
  state: LaneState
  writer: LaneWriter
  context: DraftContext
  domain: SigningDomain
  clock: Clock
}

/** Throws `invalid_input` when `signed` is no work receipt at all: the link that sent it is broken. */
export async function presentWork(
  { state, writer, context, domain, clock }: PresentWorkDeps,
  nodeId: Hex,
  signed: SignedWork,
): Promise<ReceiptConfirm | null> {
  const work = decodeSignedWork(signed)
  const { requestId, attempt } = work.value
  const workHash = workHashOf(work.value)
  const unsigned = notSignedBy(nodeId, work, domain)
  if (unsigned) return refusal(workHash, unsigned)

  const key = attemptKey(requestId, attempt)
  const open = state.open.get(key)
  if (open) {
    const mismatch = workMismatch(work.value, open.intent, null)
    if (mismatch) return refusal(workHash, mismatch)
    if (!open.inherited) {
      open.presented = workHash
      return null
    }
    const draft = draftOfRecovered(context, open, work, state.isSuperseded(open))
    const request = recoveredRequest(open, draft, clock.nowMs())
    await writer.writeReceipts([draft], (receipts) => ({
      type: 'receipt-recovered',
      lane: context.lane,
      request,
      receipts,
    }))
  }
  // It may have been billed a moment ago.
  await writer.flushed()
  const delivered = state.delivered.get(key)
  if (!delivered || delivered.value.nodeId !== nodeId) return refusal(workHash, 'no such request is on record here')
  return confirmation(workHash, delivered)
}

/**
 * A delivery receipt confirms the work receipt that it names. One that was signed before this work receipt came, because
 * the link was lost, tells the node only that the attempt is closed; the epoch file holds it. `json` is the delivery receipt
 * where it was written already.
 */
export function confirmation(
  workHash: Hex,
  { value, signature }: Signed<DeliveryReceipt>,
  json: StructJson = encodeStruct('DeliveryReceipt', value),
): ReceiptConfirm {
  if (value.workHash !== workHash) {
    return refusal(workHash, `the attempt was billed before this came: delivery ${value.seq}, ${value.price} µUSD`)
  }
  return { workHash, delivery: json, signature, reason: null }
}

function refusal(workHash: Hex, reason: string): ReceiptConfirm {
  return { workHash, delivery: null, signature: null, reason }
}
