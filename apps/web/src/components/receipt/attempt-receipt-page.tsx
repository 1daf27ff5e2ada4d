/** The receipt of one attempt in full: who signed what for how much, checked here, and where it lies under its epoch's root. */
import type { ReceiptDetail } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DisputeLink } from '~/components/disputes/dispute-link.tsx'
import { PricePanel } from '~/components/receipt/price-panel.tsx'
import { ProofPanel } from '~/components/receipt/proof-panel.tsx'
import { ReceiptChecks } from '~/components/receipt/receipt-checks.tsx'
import { PartyFacts, WorkFacts } from '~/components/receipt/receipt-facts.tsx'
import { RecountPanel } from '~/components/receipt/recount-panel.tsx'
import { SettlementTrack } from '~/components/receipt/settlement-track.tsx'
import { SignedFields } from '~/components/receipt/signed-fields.tsx'
import { SignedReceipt } from '~/components/receipt/signed-receipt.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { FaultBadge, SettlementBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, shortHash, addressOf } from '~/lib/format.ts'
import { chainContext } from '~/server/context.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export async function AttemptReceiptPage({ receipt }: { receipt: ReceiptDetail }) {
  const { lane } = receipt
  const { chainId, paymentChannels, receiptAnchor, rpcUrl } = await chainContext()
  const transactions = { anchored: receipt.anchoredTx, claimed: receipt.claimedTx, settled: receipt.settledTx }
  const epochHref = receipt.epoch === null ? null : `/epochs/${lane}/${receipt.epoch}`
  return (
    <>
      <PageHeader
        trail={
          epochHref
            ? [
                { href: '/epochs', label: 'Epochs' },
                { href: epochHref, label: `Epoch ${receipt.epoch}` },
              ]
            : [{ href: '/epochs', label: 'Epochs' }]
        }
        title={`Receipt ${formatCount(receipt.seq)}`}
        description={`Of lane ${shortHash(addressOf(lane))}: attempt ${receipt.attempt + 1} of a request, signed by the node for its work and by the gateway for its delivery.`}
        badges={
          <>
            <FaultBadge fault={receipt.fault} />
            <SettlementBadge stage={receipt.settlement} />
          </>
        }
        actions={
          <>
            <DisputeLink receipt={receipt} />
            {receipt.requestId && <ButtonLink href={`/requests/${receipt.requestId}`}>Your request</ButtonLink>}
            {receipt.settlement !== 'settled' && <LiveRefresh intervalMs={5_000} />}
          </>
        }
      />
      <ReceiptStats receipt={receipt} />
      <Section title="Parties and work">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">
          <PartyFacts receipt={receipt} />
          <WorkFacts receipt={receipt} />
        </div>
      </Section>
      <Section title="Where its money is" description={<Release receipt={receipt} />}>
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
        <ReceiptChecks
          receipt={receipt}
          domain={{ chainId, verifyingContract: paymentChannels }}
          anchor={{ rpcUrl, receiptAnchor }}
        />
      </Section>
      <Section title="Price and terms" description="Counts of the receipt times prices of the terms that it names.">
        <PricePanel receipt={receipt} />
      </Section>
      {receipt.recount && (
        <Section title="Recount" description="The gateway counted the text again, with the tokenizer of the model.">
          <RecountPanel recount={receipt.recount} />
        </Section>
      )}
      <Section
        title="Place in the epoch"
        description="Each hash is the Keccak-256 of the two below it; on top is the root that the chain holds."
      >
        <ProofPanel receipt={receipt} />
      </Section>
      <Section title="As signed">
        <div className="flex flex-col gap-3">
          <SignedReceipt receipt={receipt} />
          {receipt.terms?.values && (
            <SignedFields title="Terms" hash={receipt.terms.hash} fields={receipt.terms.values} signature={null} />
          )}
        </div>
      </Section>
    </>
  )
}

function ReceiptStats({ receipt: { delivery, priceMicroUsd, recount } }: { receipt: ReceiptDetail }) {
  const number = (field: string) => Number(delivery[field] ?? 0)
  const [ttftMs, durationMs, out] = [number('attemptTtftMs'), number('durationMs'), number('billedOut')]
  return (
    <Stats
      items={[
        {
          label: 'Price',
          value: <Money microUsd={priceMicroUsd} />,
          hint: recount?.refundMicroUsd
            ? `${priceMicroUsd} µUSD, less ${recount.refundMicroUsd} recounted`
            : `${priceMicroUsd} µUSD`,
        },
        {
          label: 'Tokens in / out',
          value: `${formatCount(number('billedIn'))} / ${formatCount(out)}`,
          hint: `${formatCount(number('billedCached'))} cached`,
        },
        { label: 'Attempt TTFT', value: out > 0 ? formatMs(ttftMs) : '—', hint: 'dispatch to first token' },
        {
          label: 'TPOT',
          value: out > 1 ? formatMs((durationMs - ttftMs) / (out - 1)) : '—',
          hint: 'per further token',
        },
        { label: 'Duration', value: formatMs(durationMs), hint: `HTTP ${number('httpStatus')}` },
        { label: 'Started, UTC', value: <Utc at={number('startedAtMs')} bare />, hint: 'at the gateway' },
      ]}
    />
  )
}

function Release({ receipt: { epoch, lane, nodeId, settlement } }: { receipt: ReceiptDetail }) {
  if (epoch === null) return 'Its epoch is still open. It closes by time, or early by command.'
  const record = (
    <Link className="link" href={`/epochs/${lane}/${epoch}/records/${nodeId}`}>
      performance record
    </Link>
  )
  return settlement === 'settled' ? (
    <>The node’s {record} of this epoch released its pay.</>
  ) : (
    <>Claimed money is paid out once the node’s {record} of this epoch is final.</>
  )
}
