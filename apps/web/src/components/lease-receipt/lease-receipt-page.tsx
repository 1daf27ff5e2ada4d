/** One span of a lease in full: who signed it for how much, checked here, and where it lies under its epoch's root. */
import type { LeaseReceiptDetail } from '@isochrone/services'
import { ReceiptPage } from '~/components/receipt/receipt-page.tsx'
import { SignedFields } from '~/components/receipt/signed-fields.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/words/format.ts'
import { chainContext } from '~/server/context.ts'
import { LeasePartyFacts, LeaseReceiptStats, LeaseTimeFacts } from './lease-receipt-facts.tsx'
import { LeasePricePanel } from './lease-price-panel.tsx'
import { LeaseProofPanel } from './lease-proof-panel.tsx'
import { LeaseReceiptChecks } from './lease-receipt-checks.tsx'

export async function LeaseReceiptPage({ receipt }: { receipt: LeaseReceiptDetail }) {
  const { lane, seq } = receipt
  const { chainId, paymentChannels, receiptAnchor, rpcUrl } = await chainContext()
  const canDispute = receipt.isPayer && receipt.anchoredTx !== null && receipt.priceMicroUsd > 0n
  return (
    <ReceiptPage
      receipt={receipt}
      title={`Lease receipt ${formatCount(seq)}`}
      description={`Of lane ${shortHash(addressOf(lane))}: a span of leased GPU time, signed by the node that served and by the gateway that metered it. Shown to the renter, the provider and staff.`}
      actions={
        <>
          {canDispute && <ButtonLink href={`/disputes/new?lane=${lane}&seq=${seq}`}>Dispute</ButtonLink>}
          {receipt.leaseId && <ButtonLink href={`/leases/${receipt.leaseId}`}>Your lease</ButtonLink>}
        </>
      }
      stats={<LeaseReceiptStats receipt={receipt} />}
      parties={{
        title: 'Parties and time',
        facts: (
          <>
            <LeasePartyFacts receipt={receipt} />
            <LeaseTimeFacts receipt={receipt} />
          </>
        ),
      }}
      checks={
        <LeaseReceiptChecks
          receipt={receipt}
          domain={{ chainId, verifyingContract: paymentChannels }}
          anchor={{ rpcUrl, chainId, receiptAnchor }}
        />
      }
      price={{
        description: 'GPU time of the receipt times the price of the terms that it names.',
        panel: <LeasePricePanel receipt={receipt} />,
      }}
      proof={<LeaseProofPanel receipt={receipt} />}
      signed={
        <SignedFields
          title="Lease receipt"
          hash={receipt.hash}
          fields={receipt.fields}
          signature={receipt.laneSignature}
          signatures={{ 'node signature, with seq 0': receipt.nodeSignature }}
        />
      }
    />
  )
}
