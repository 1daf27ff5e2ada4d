/** The receipt of one attempt in full: who signed what for how much, checked here, and where it lies under its epoch's root. */
import type { ReceiptDetail } from '@isochrone/services'
import { DisputeLink } from '~/components/disputes/dispute-link.tsx'
import { PricePanel } from '~/components/receipt/price-panel.tsx'
import { ProofPanel } from '~/components/receipt/proof-panel.tsx'
import { ReceiptChecks } from '~/components/receipt/receipt-checks.tsx'
import { PartyFacts, WorkFacts } from '~/components/receipt/receipt-facts.tsx'
import { ReceiptPage } from '~/components/receipt/receipt-page.tsx'
import { RecountPanel } from '~/components/receipt/recount-panel.tsx'
import { SignedReceipt } from '~/components/receipt/signed-receipt.tsx'
import { FaultBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, shortHash, addressOf } from '~/lib/words/format.ts'
import { chainContext } from '~/server/context.ts'

export async function AttemptReceiptPage({ receipt }: { receipt: ReceiptDetail }) {
  const { chainId, paymentChannels, receiptAnchor, rpcUrl } = await chainContext()
  return (
    <ReceiptPage
      receipt={receipt}
      title={`Receipt ${formatCount(receipt.seq)}`}
      description={`Of lane ${shortHash(addressOf(receipt.lane))}: attempt ${receipt.attempt + 1} of a request, signed by the node for its work and by the gateway for its delivery.`}
      badges={<FaultBadge fault={receipt.fault} />}
      actions={
        <>
          <DisputeLink receipt={receipt} />
          {receipt.requestId && <ButtonLink href={`/requests/${receipt.requestId}`}>Your request</ButtonLink>}
        </>
      }
      stats={<ReceiptStats receipt={receipt} />}
      parties={{
        title: 'Parties and work',
        facts: (
          <>
            <PartyFacts receipt={receipt} />
            <WorkFacts receipt={receipt} />
          </>
        ),
      }}
      checks={
        <ReceiptChecks
          receipt={receipt}
          domain={{ chainId, verifyingContract: paymentChannels }}
          anchor={{ rpcUrl, chainId, receiptAnchor }}
        />
      }
      price={{
        description: 'Counts of the receipt times prices of the terms that it names.',
        panel: <PricePanel receipt={receipt} />,
      }}
      proof={<ProofPanel receipt={receipt} />}
      signed={<SignedReceipt receipt={receipt} />}
    >
      {receipt.recount && (
        <Section title="Recount" description="The gateway counted the text again, with the tokenizer of the model.">
          <RecountPanel recount={receipt.recount} />
        </Section>
      )}
    </ReceiptPage>
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
          value: `${formatCount(number('billedIn') + number('billedCached'))} / ${formatCount(out)}`,
          hint: `${formatCount(number('billedCached'))} of those in were cached`,
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
