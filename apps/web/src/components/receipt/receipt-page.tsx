/**
 * The page of whatever a lane signed under a number: the same sections in the same order, with slots for what an attempt and a
 * span of a lease show each in its own way.
 */
import type { LeaseReceiptDetail, ReceiptDetail } from '@isochrone/services'
import type { ReactNode } from 'react'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { SettlementBadge } from '~/components/status.tsx'
import { Link } from '~/components/ui/link.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { txStagesOf } from '~/server/tx-stages.ts'
import { SettlementTrack } from './settlement-track.tsx'
import { SignedFields } from './signed-fields.tsx'

export interface ReceiptPageProps {
  receipt: ReceiptDetail | LeaseReceiptDetail
  title: string
  description: string
  /** Beside the badge of its settlement. */
  badges?: ReactNode
  actions: ReactNode
  stats: ReactNode
  parties: { title: string; facts: ReactNode }
  checks: ReactNode
  price: { description: string; panel: ReactNode }
  /** Sections between its price and its place. */
  children?: ReactNode
  proof: ReactNode
  signed: ReactNode
}

export async function ReceiptPage({ receipt, children, ...slots }: ReceiptPageProps) {
  const { lane, epoch, settlement, terms } = receipt
  const transactions = { anchored: receipt.anchoredTx, claimed: receipt.claimedTx, settled: receipt.settledTx }
  return (
    <>
      <PageHeader
        trail={[
          { href: '/epochs', label: 'Epochs' },
          ...(epoch === null ? [] : [{ href: `/epochs/${lane}/${epoch}`, label: `Epoch ${epoch}` }]),
        ]}
        title={slots.title}
        description={slots.description}
        badges={
          <>
            {slots.badges}
            <SettlementBadge stage={settlement} />
          </>
        }
        actions={
          <>
            {slots.actions}
            {settlement !== 'settled' && <LiveRefresh intervalMs={5_000} />}
          </>
        }
      />
      {slots.stats}
      <Section title={slots.parties.title}>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 lg:grid-cols-2">{slots.parties.facts}</div>
      </Section>
      <Section title="Where its money is" description={<Release receipt={receipt} />}>
        <SettlementTrack
          stage={settlement}
          transactions={transactions}
          txStages={await txStagesOf(Object.values(transactions))}
        />
      </Section>
      <Section
        title="Checks"
        description="Nothing here takes our word: your browser hashes and recovers signers itself."
      >
        {slots.checks}
      </Section>
      <Section title="Price and terms" description={slots.price.description}>
        {slots.price.panel}
      </Section>
      {children}
      <Section
        title="Place in the epoch"
        description="Each hash is the Keccak-256 of the two below it; on top is the root that the chain holds."
      >
        {slots.proof}
      </Section>
      <Section title="As signed">
        <div className="flex flex-col gap-3">
          {slots.signed}
          {terms?.values && <SignedFields title="Terms" hash={terms.hash} fields={terms.values} signature={null} />}
        </div>
      </Section>
    </>
  )
}

function Release({ receipt: { epoch, lane, nodeId, settlement } }: Pick<ReceiptPageProps, 'receipt'>) {
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
