/** How a lease receipt lies under its epoch's root. */
import type { LeaseReceiptDetail } from '@isochrone/services'
import { ProofPath } from '~/components/receipt/proof-path.tsx'
import { Notice } from '~/components/ui/notice.tsx'

export function LeaseProofPanel({ receipt: { inclusion, missing, fields } }: { receipt: LeaseReceiptDetail }) {
  if (!inclusion) {
    return <Notice>Its epoch is still open. When it closes, the receipt gets a place under a Merkle root.</Notice>
  }
  if (!inclusion.proof) return <Notice>{missing ?? 'There is no path to draw.'}</Notice>
  return <ProofPath kind="LeaseReceipt" fields={fields} inclusion={inclusion} />
}
