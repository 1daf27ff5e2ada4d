/**
 * What receipts, terms and recounts say about a claim, by rule. Pure: the same documents give the same answer, and what they
 * cannot tell is called undecidable. An arbiter may see it otherwise; the vote is theirs.
 */
import { formatUsd } from '@isochrone/domain'
import {
  deliveryPriceMicroUsd,
  decodeStruct,
  pricesOfTerms,
  type DeliveryReceipt,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { FileTryRow } from '../ports/dispute-store.ts'
import type { ReceiptDetail } from '../queries/views/receipts.ts'
import type { PublicRecount } from '../queries/views/recounts.ts'
import { computeFileOutcome } from './compute-file-outcome.ts'
import type { ComputedLine, ComputedOutcome, DisputeView } from './views.ts'

type Claim = Pick<DisputeView, 'kind' | 'amountMicroUsd' | 'priceMicroUsd'>

const rules = {
  overcharge:
    'Price = ⌈Σ counts × prices of the terms⌉, with counts at most those of the work receipt and of a recount.',
  not_delivered: 'What no node signed for, or what has no output, was not delivered; what both sides signed was.',
  wrong_output: 'Hashes of model and output are signed; what the model should have said is in no receipt.',
} as const

/**
 * @param receipt null where we hold none of that hash, and for withheld files.
 * @param tries of a withheld file, oldest first.
 */
export function computeOutcome(
  claim: Claim,
  receipt: ReceiptDetail | null,
  recount: PublicRecount | null,
  tries: readonly FileTryRow[] = [],
): ComputedOutcome {
  if (claim.kind === 'withheld') return computeFileOutcome(claim.amountMicroUsd, tries)
  const rule = rules[claim.kind]
  if (!receipt) return undecidable(rule, 'The receipt itself is not stored here: ask the parties for it.', [])
  const delivery = decodeStruct('DeliveryReceipt', receipt.delivery)
  const work = receipt.work === null ? null : decodeStruct('WorkReceipt', receipt.work)
  if (claim.kind === 'overcharge') return overcharge(rule, claim, receipt, delivery, work, recount)
  if (claim.kind === 'not_delivered') return notDelivered(rule, claim, delivery, work)
  return undecidable(rule, 'Compare the payer’s evidence with the hashes that the node signed.', [
    { label: 'Model, as signed', value: work?.modelHash ?? 'no work receipt' },
    { label: 'Output, as signed', value: work?.outputHash ?? 'no work receipt' },
  ])
}

function overcharge(
  rule: string,
  claim: Claim,
  receipt: ReceiptDetail,
  delivery: DeliveryReceipt,
  work: WorkReceipt | null,
  recount: PublicRecount | null,
): ComputedOutcome {
  const billed = { in: delivery.billedIn + delivery.billedCached, out: delivery.billedOut }
  const inputs: ComputedLine[] = [
    { label: 'Billed, tokens in / out', value: `${billed.in} / ${billed.out}` },
    {
      label: 'Signed by the node, tokens in / out',
      value: work ? `${work.tokensIn + work.tokensCached} / ${work.tokensOut}` : 'nothing',
    },
    {
      label: 'Recounted, tokens in / out',
      value: recount ? `${recount.recountedIn} / ${recount.recountedOut}` : 'not recounted',
    },
    { label: 'Price on the receipt', value: formatUsd(claim.priceMicroUsd) },
  ]
  if (!receipt.terms?.values) return undecidable(rule, 'The terms that the receipt names are not known here.', inputs)
  const prices = pricesOfTerms(decodeStruct('Terms', receipt.terms.values))
  const due = deliveryPriceMicroUsd(withinCounts(delivery, work, recount), prices)
  inputs.push({ label: 'Due by the terms', value: formatUsd(due) })
  const over = claim.priceMicroUsd > due ? claim.priceMicroUsd - due : 0n
  const refund = over < claim.amountMicroUsd ? over : claim.amountMicroUsd
  return over > 0n
    ? {
        verdict: 'upheld',
        rule,
        reason: `The receipt costs ${formatUsd(over)} more than its terms and counts.`,
        inputs,
        refundMicroUsd: refund,
      }
    : {
        verdict: 'unfounded',
        rule,
        reason: 'The price follows from the terms and from counts that both sides signed.',
        inputs,
        refundMicroUsd: 0n,
      }
}

function withinCounts(
  delivery: DeliveryReceipt,
  work: WorkReceipt | null,
  recount: PublicRecount | null,
): DeliveryReceipt {
  const least = (...counts: (number | undefined)[]) => Math.min(...counts.filter((count) => count !== undefined))
  const billedCached = least(delivery.billedCached, work?.tokensCached)
  // A recount knows no cache: what it has beyond the cached ones is what is left to bill in full.
  const recountedIn = recount ? Math.max(0, recount.recountedIn - billedCached) : undefined
  return {
    ...delivery,
    billedCached,
    billedIn: least(delivery.billedIn, work?.tokensIn, recountedIn),
    billedOut: least(delivery.billedOut, work?.tokensOut, recount?.recountedOut),
  }
}

function notDelivered(
  rule: string,
  claim: Claim,
  delivery: DeliveryReceipt,
  work: WorkReceipt | null,
): ComputedOutcome {
  const inputs: ComputedLine[] = [
    { label: 'Status, as delivered', value: String(delivery.httpStatus) },
    { label: 'Tokens out, billed', value: String(delivery.billedOut) },
    { label: 'Tokens out, signed by the node', value: work ? String(work.tokensOut) : 'nothing' },
    { label: 'Bytes out, as delivered', value: String(delivery.bytesOut) },
  ]
  if (claim.priceMicroUsd === 0n) {
    return { verdict: 'unfounded', rule, reason: 'The receipt costs nothing.', inputs, refundMicroUsd: 0n }
  }
  if (delivery.billedOut === 0 || !work) {
    const reason = work
      ? 'It was billed without a token of output.'
      : 'It was billed although no node signed for the work.'
    return { verdict: 'upheld', rule, reason, inputs, refundMicroUsd: claim.amountMicroUsd }
  }
  return undecidable(rule, 'Node and gateway both signed for output; only the payer’s side knows what arrived.', inputs)
}

function undecidable(rule: string, reason: string, inputs: ComputedLine[]): ComputedOutcome {
  return { verdict: 'undecidable', rule, reason, inputs, refundMicroUsd: null }
}
