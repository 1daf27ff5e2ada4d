/** One span of a lease in full: who signed it for how much, checked here, and where it lies under its epoch's root. */
import type { LeaseReceiptDetail } from '@isochrone/services'
import { SettlementTrack } from '~/components/receipt/settlement-track.tsx'
import { SignedFields } from '~/components/receipt/signed-fields.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { SettlementBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/format.ts'
import { chainContext } from '~/server/context.ts'
import { txStagesOf } from '~/server/tx-stages.ts'
import { LeasePartyFacts, LeaseReceiptStats, LeaseRelease, LeaseTimeFacts } from './lease-receipt-facts.tsx'
import { LeasePricePanel } from './lease-price-panel.tsx'
import { LeaseProofPanel } from './lease-proof-panel.tsx'
import { LeaseReceiptChecks } from './lease-receipt-checks.tsx'

export async function LeaseReceiptPage({ receipt }: { receipt: LeaseReceiptDetail }) {
  const { lane, seq, epoch } = receipt
  const { chainId, paymentChannels, receiptAnchor, rpcUrl } = await chainContext()
  const transactions = { anchored: receipt.anchoredTx, claimed: receipt.claimedTx, settled: receipt.settledTx }
  const canDispute = receipt.isPayer && receipt.anchoredTx !== null && receipt.priceMicroUsd > 0n
  return (
    <>
      <PageHeader
        trail={[
          { href: '/epochs', label: 'Epochs' },
          ...(epoch === null ? [] : [{ href: `/epochs/${lane}/${epoch}`, label: `Epoch ${epoch}` }]),
        ]}
        title={`Lease receipt ${formatCount(seq)}`}
        description={`Of lane ${shortHash(addressOf(lane))}: a span of leased GPU time, signed by the node that served and by the gateway that metered it. Shown to the renter, the provider and staff.`}
        badges={<SettlementBadge stage={receipt.settlement} />}
        actions={
          <>
            {canDispute && <ButtonLink href={`/disputes/new?lane=${lane}&seq=${seq}`}>Dispute</ButtonLink>}
            {receipt.leaseId && <ButtonLink href={`/leases/${receipt.leaseId}`}>Your lease</ButtonLink>}
            {receipt.settlement !== 'settled' && <LiveRefresh intervalMs={5_000} />}
          </>
        }
      />
      <LeaseReceiptStats receipt={receipt} />
      <Section title="Parties and time">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">
          <LeasePartyFacts receipt={receipt} />
          <LeaseTimeFacts receipt={receipt} />
        </div>
      </Section>
      <Section title="Where its money is" description={<LeaseRelease receipt={receipt} />}>
        <SettlementTrack
          stage={receipt.settlement}
          transactions={transactions}
          txStages={await txStagesOf(Object.values(transactions))}
        />
      </Section>
      <Section
        title="Checks"
        description="Nothing here takes our word: your browser hashes and recovers signers itself."
      >
        <LeaseReceiptChecks
          receipt={receipt}
          domain={{ chainId, verifyingContract: paymentChannels }}
          anchor={{ rpcUrl, receiptAnchor }}
        />
      </Section>
      <Section
        title="Price and terms"
        description="GPU time of the receipt times the price of the terms that it names."
      >
        <LeasePricePanel receipt={receipt} />
      </Section>
      <Section
        title="Place in the epoch"
        description="Each hash is the Keccak-256 of the two below it; on top is the root that the chain holds."
      >
        <LeaseProofPanel receipt={receipt} />
      </Section>
      <Section title="As signed">
        <div className="flex flex-col gap-3">
          <SignedFields
            title="Lease receipt"
            hash={receipt.hash}
            fields={receipt.fields}
            signature={receipt.laneSignature}
            signatures={{ 'node signature, with seq 0': receipt.nodeSignature }}
          />
          {receipt.terms?.values && (
            <SignedFields title="Terms" hash={receipt.terms.hash} fields={receipt.terms.values} signature={null} />
          )}
        </div>
      </Section>
    </>
  )
}
