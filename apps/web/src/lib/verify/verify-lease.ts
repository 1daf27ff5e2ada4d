/** Checks a lease's receipts in the reader's own browser: both signatures of each, that no time is in two, and their sum. */
import type { LeaseReceiptView } from '@isochrone/services'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { addressOf } from '../words/format.ts'
import { leaseCheckNames as names, RECEIPTS_SHOWN } from './lease-check-names.ts'
import { signerOf, type SigningDomain } from './signed-structs.ts'

/** @param receipts newest first, as a lease's page has them. */
export async function verifyLease(
  receipts: readonly LeaseReceiptView[],
  billedMicroUsd: bigint,
  domain: SigningDomain,
): Promise<BrowserCheck[]> {
  const [byLane, byNode] = [[] as boolean[], [] as boolean[]]
  for (const { fields, laneSignature, nodeSignature } of receipts) {
    const lane = await signerOf('LeaseReceipt', fields, laneSignature, domain)
    const node = await signerOf('LeaseReceipt', { ...fields, seq: 0 }, nodeSignature, domain)
    byLane.push(lane === addressOf(String(fields.lane)))
    byNode.push(node === addressOf(String(fields.nodeId)))
  }
  return [
    countCheck(names.lane, byLane, 'the lane that numbered it'),
    countCheck(names.node, byNode, 'the node that served, over the same fields without a number'),
    checkSpans(receipts),
    checkSum(receipts, billedMicroUsd),
  ]
}

function countCheck(name: string, held: readonly boolean[], whom: string): BrowserCheck {
  const good = held.filter(Boolean).length
  const detail = `${good} of ${held.length} signatures recover to ${whom}.`
  return good === held.length ? valid(name, detail) : invalid(name, detail)
}

function checkSpans(receipts: readonly LeaseReceiptView[]): BrowserCheck {
  const spans = receipts
    .map(({ fields }) => ({ fromMs: Number(fields.fromMs), toMs: Number(fields.toMs) }))
    .toSorted((a, b) => a.fromMs - b.fromMs)
  const overlap = spans.find(({ fromMs }, index) => fromMs < (spans[index - 1]?.toMs ?? 0))
  return overlap
    ? invalid(names.spans, `The time from ${new Date(overlap.fromMs).toISOString()} is in two receipts.`)
    : valid(names.spans, `${spans.length} spans follow one another.`)
}

function checkSum(receipts: readonly LeaseReceiptView[], billedMicroUsd: bigint): BrowserCheck {
  const sum = receipts.reduce((total, { fields }) => total + BigInt(fields.price ?? 0), 0n)
  if (receipts.length >= RECEIPTS_SHOWN) {
    return unverifiable(names.sum, `Only the newest ${RECEIPTS_SHOWN} are here: the epoch files have all of them.`)
  }
  const detail = `The signed prices add up to ${sum} µUSD; the lease is billed ${billedMicroUsd} µUSD.`
  return sum === billedMicroUsd ? valid(names.sum, detail) : invalid(names.sum, detail)
}
