/** From a receipt to the form that disputes it: for whoever paid for it, as far as the receipt can be disputed by proof. */
import type { ReceiptDetail } from '@isochrone/services'
import { ButtonLink } from '~/components/ui/button.tsx'

export function DisputeLink({
  receipt,
}: {
  receipt: Pick<ReceiptDetail, 'lane' | 'seq' | 'requestId' | 'anchoredTx' | 'priceMicroUsd'>
}) {
  const { lane, seq, requestId, anchoredTx, priceMicroUsd } = receipt
  if (requestId === null || anchoredTx === null || priceMicroUsd === 0n) return null
  return <ButtonLink href={`/disputes/new?lane=${lane}&seq=${seq}`}>Dispute</ButtonLink>
}
