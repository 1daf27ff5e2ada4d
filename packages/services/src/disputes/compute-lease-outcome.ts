/** What a lease receipt and its terms say about a claim, by rule. Pure; a proposal, the vote is the arbiters'. */
import { formatUsd } from '@isochrone/domain'
import { decodeStruct, leasePriceMicroUsd } from '@isochrone/protocol'
import type { LeaseReceiptDetail } from '../queries/views/leases.ts'
import type { ComputedLine, ComputedOutcome, DisputeView } from './views.ts'

type Claim = Pick<DisputeView, 'kind' | 'amountMicroUsd' | 'priceMicroUsd'>
type Lease = Pick<LeaseReceiptDetail, 'fields' | 'terms'>

const PRICE_RULE = 'Price = ⌈GPU time × price of the terms⌉, by the millisecond.'
const SERVED_RULE = 'Node and gateway both sign a span only while the engine of the lease answers.'

export function computeLeaseOutcome(claim: Claim, { fields, terms }: Lease): ComputedOutcome {
  const lease = decodeStruct('LeaseReceipt', fields)
  const inputs: ComputedLine[] = [
    { label: 'Span, as both signed', value: `${lease.toMs - lease.fromMs} ms` },
    { label: 'GPU time, as both signed', value: `${lease.gpuMs} ms` },
    { label: 'Price on the receipt', value: formatUsd(claim.priceMicroUsd) },
  ]
  if (claim.kind !== 'overcharge') {
    const reason = 'Both sides signed for the span; only the payer’s side knows what it got in it.'
    return { verdict: 'undecidable', rule: SERVED_RULE, reason, inputs, refundMicroUsd: null }
  }
  if (!terms?.values) {
    const reason = 'The terms that the receipt names are not known here.'
    return { verdict: 'undecidable', rule: PRICE_RULE, reason, inputs, refundMicroUsd: null }
  }
  const due = leasePriceMicroUsd(lease, decodeStruct('Terms', terms.values))
  inputs.push({ label: 'Due by the terms', value: formatUsd(due) })
  const over = claim.priceMicroUsd > due ? claim.priceMicroUsd - due : 0n
  if (over === 0n) {
    const reason = 'The price follows from the terms and from the time that both sides signed.'
    return { verdict: 'unfounded', rule: PRICE_RULE, reason, inputs, refundMicroUsd: 0n }
  }
  const reason = `The receipt costs ${formatUsd(over)} more than its terms and its time.`
  const refundMicroUsd = over < claim.amountMicroUsd ? over : claim.amountMicroUsd
  return { verdict: 'upheld', rule: PRICE_RULE, reason, inputs, refundMicroUsd }
}
