/** Both signed halves of a receipt as they were hashed: the gateway's delivery, and the node's work where it came. */
import type { ReceiptView } from '@isochrone/services'
import { SignedFields } from './signed-fields.tsx'

export function SignedReceipt({ receipt }: { receipt: ReceiptView }) {
  return (
    <>
      <SignedFields
        title="Delivery receipt"
        hash={receipt.deliveryHash}
        fields={receipt.delivery}
        signature={receipt.deliverySignature}
      />
      {receipt.work && receipt.workSignature && (
        <SignedFields
          title="Work receipt"
          hash={receipt.workHash ?? ''}
          fields={receipt.work}
          signature={receipt.workSignature}
        />
      )}
    </>
  )
}
