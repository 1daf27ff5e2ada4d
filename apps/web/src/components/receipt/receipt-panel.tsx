/** One receipt: parties, amounts, its checks in the browser, where its money is, and the signed fields themselves. */
import type { ReceiptView } from '@isochrone/services'
import Link from 'next/link'
import { FaultBadge, SimulatedBadge } from '~/components/status.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs } from '~/lib/format.ts'
import type { TxStage } from '~/lib/tx-stage.ts'
import type { SigningDomain } from '~/lib/verify-receipt.ts'
import { ReceiptChecks } from './receipt-checks.tsx'
import { SettlementTrack } from './settlement-track.tsx'
import { SignedFields } from './signed-fields.tsx'

export interface ReceiptPanelProps {
  receipt: ReceiptView
  domain: SigningDomain
  txStages: Record<string, TxStage>
}

export function ReceiptPanel({ receipt, domain, txStages }: ReceiptPanelProps) {
  const { delivery, node } = receipt
  const count = (field: string) => formatCount(Number(delivery[field] ?? 0))
  return (
    <Section
      title={`Receipt of attempt ${receipt.attempt + 1}`}
      id={`receipt-${receipt.seq}`}
      actions={<FaultBadge fault={receipt.fault} />}
    >
      <div className="flex flex-col gap-3">
        <div className="grid gap-3 lg:grid-cols-2">
          <Facts
            items={[
              [
                'Node',
                <span key="n" className="flex flex-wrap items-center gap-1.5">
                  {node ? (
                    <Link href={`/offers/${node.id}`} className="link">
                      {node.name}
                    </Link>
                  ) : (
                    'unknown'
                  )}
                  {node?.simulated && <SimulatedBadge />}
                  <Hash value={addressOf(receipt.nodeId)} label="node key" />
                </span>,
              ],
              ['Provider', node?.providerName ?? '—'],
              ['Gateway lane', <Hash key="l" value={addressOf(receipt.lane)} label="lane key" />],
              ['Number in its lane', formatCount(receipt.seq)],
              ['Channel', <Hash key="c" value={String(delivery.channelId)} label="channel id" />],
              ['Terms', <Hash key="t" value={String(delivery.termsHash)} label="terms hash" />],
            ]}
          />
          <Facts
            items={[
              ['Price', <Money key="p" microUsd={receipt.priceMicroUsd} className="font-semibold" />],
              [
                'Tokens billed',
                `${count('billedIn')} in · ${count('billedCached')} cached · ${count('billedOut')} out`,
              ],
              ['Bytes', `${count('bytesIn')} in · ${count('bytesOut')} out`],
              ['Attempt TTFT', formatMs(Number(delivery.attemptTtftMs))],
              ['Duration', formatMs(Number(delivery.durationMs))],
              [
                'Epoch',
                receipt.epoch === null ? (
                  'still open'
                ) : (
                  <Link key="e" className="link" href={`/epochs/${receipt.lane}/${receipt.epoch}`}>
                    {receipt.epoch}
                  </Link>
                ),
              ],
            ]}
          />
        </div>
        <SettlementTrack
          stage={receipt.settlement}
          transactions={{ anchored: receipt.anchoredTx, claimed: receipt.claimedTx, settled: receipt.settledTx }}
          txStages={txStages}
        />
        <ReceiptChecks receipt={receipt} domain={domain} />
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
      </div>
    </Section>
  )
}
