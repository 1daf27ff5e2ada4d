/**
 * Receipts of a span of lane numbers, read back from the journal's files in order and with flat memory.
 *
 * It opens the files itself, so that a thread without the journal can use it. Whoever calls it knows that the span is
 * durable and that nothing of it is forgotten meanwhile.
 */
import { invariant } from '@isochrone/domain'
import {
  decodeLine,
  decodeStruct,
  type EpochFileDelivery,
  type EpochFileLease,
  type Hex,
  type LeaseReceiptJson,
  type ReceiptPairJson,
} from '@isochrone/protocol'
import { listSegments, readSegment } from '../journal/segments.ts'

export interface ReceiptSpan {
  journalDir: string
  /** Journal record that holds `fromSeq`. */
  fromIndex: number
  fromSeq: number
  toSeq: number
}

/** Throws when the journal does not hold the whole span. */
export async function* journalledReceipts(span: ReceiptSpan): AsyncGenerator<EpochFileDelivery | EpochFileLease> {
  let nextSeq = span.fromSeq
  for await (const payload of publishedRecords(span)) {
    const record = JSON.parse(payload.toString('utf8')) as Receipts
    for (const receipt of receiptsOf(record)) {
      const { seq } = receipt.kind === 'lease' ? receipt.lease : receipt.delivery.value
      invariant(seq <= nextSeq, 'the journal holds a lane’s receipts in the order of their numbers')
      if (seq < nextSeq) continue
      yield receipt
      if (seq === span.toSeq) return
      nextSeq++
    }
  }
  throw new Error(`The journal ends at receipt ${nextSeq - 1}, before ${span.toSeq}.`)
}

interface Receipts {
  receipts?: ReceiptPairJson[]
  lease?: LeaseReceiptJson
}

function receiptsOf({ receipts, lease }: Receipts): (EpochFileDelivery | EpochFileLease)[] {
  if (lease) {
    const { receipt, laneSignature, nodeSignature } = lease
    const value = decodeStruct('LeaseReceipt', receipt)
    return [{ kind: 'lease', lease: value, laneSignature: laneSignature as Hex, nodeSignature: nodeSignature as Hex }]
  }
  return (receipts ?? []).map((json) => ({ kind: 'delivery', ...decodeLine(json) }))
}

async function* publishedRecords({ journalDir, fromIndex }: ReceiptSpan): AsyncGenerator<Buffer> {
  const segments = await listSegments(journalDir)
  const first = Math.max(
    0,
    segments.findLastIndex((segment) => segment.firstIndex <= fromIndex),
  )
  for (const segment of segments.slice(first)) {
    let index = segment.firstIndex
    for await (const { kind, payload } of readSegment(segment)) {
      if (index++ >= fromIndex && kind === 'published') yield payload
    }
  }
}
