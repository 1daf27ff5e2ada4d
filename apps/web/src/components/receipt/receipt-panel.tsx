/** One receipt: parties, amounts, its checks in the browser, where its money is, and the signed fields themselves. */
import type { ReceiptView } from '@isochrone/services'
import { FaultBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { formatCount } from '~/lib/words/format.ts'
import type { SigningDomain } from '~/lib/verify/signed-structs.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'
import { ReceiptChecks } from './receipt-checks.tsx'
import { BillFacts, PartyFacts } from './receipt-facts.tsx'
import { SettlementTrack } from './settlement-track.tsx'
import { SignedReceipt } from './signed-receipt.tsx'

export interface ReceiptPanelProps {
  receipt: ReceiptView
  domain: SigningDomain
  txStages: Record<string, TxStage>
}

export function ReceiptPanel({ receipt, domain, txStages }: ReceiptPanelProps) {
  return (
    <Section
      title={`Receipt of attempt ${receipt.attempt + 1}`}
      id={`receipt-${receipt.seq}`}
      actions={
        <>
          <FaultBadge fault={receipt.fault} />
          <ButtonLink size="sm" href={`/receipts/${receipt.lane}/${receipt.seq}`}>
            Receipt {formatCount(receipt.seq)} in full
          </ButtonLink>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">
          <PartyFacts receipt={receipt} />
          <BillFacts receipt={receipt} />
        </div>
        <SettlementTrack
          stage={receipt.settlement}
          transactions={{ anchored: receipt.anchoredTx, claimed: receipt.claimedTx, settled: receipt.settledTx }}
          txStages={txStages}
        />
        <ReceiptChecks receipt={receipt} domain={domain} />
        <SignedReceipt receipt={receipt} />
      </div>
    </Section>
  )
}
