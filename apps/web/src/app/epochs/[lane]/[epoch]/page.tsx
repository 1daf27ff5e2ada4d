/** One epoch of one lane: its root, its checks, and what each voucher was paid. */
import { notFound } from 'next/navigation'
import { SettlementTrack } from '~/components/receipt/settlement-track.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EpochStatusBadge, VerdictBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatUtc } from '~/lib/format.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Epoch' }

export default async function EpochPage({ params }: { params: Promise<{ lane: string; epoch: string }> }) {
  const { lane, epoch: text } = await params
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(text)) notFound()
  const epoch = await pageData(`/epochs/${lane}/${text}`, (api) => api.epochs.detail({ lane, epoch: Number(text) }))
  const transactions = { anchored: epoch.anchoredTx, claimed: epoch.claimedTx, settled: epoch.settledTx }
  return (
    <>
      <PageHeader
        trail={[{ href: '/epochs', label: 'Epochs' }]}
        title={`Epoch ${epoch.epoch}`}
        badges={<EpochStatusBadge status={epoch.status} />}
        actions={
          <>
            {epoch.fileUrl && (
              <ButtonLink href={epoch.fileUrl} prefetch={false}>
                Download its receipts
              </ButtonLink>
            )}
            {epoch.status !== 'settled' && <LiveRefresh intervalMs={3_000} />}
          </>
        }
      />
      <Section title="Settlement">
        <SettlementTrack
          stage={epoch.status}
          transactions={transactions}
          txStages={await txStagesOf(Object.values(transactions))}
          note={epoch.payableAtMs === null ? undefined : `Payable from ${formatUtc(epoch.payableAtMs)}.`}
        />
      </Section>
      <Section title="What was anchored">
        <Facts
          items={[
            [
              'Receipts',
              `${formatCount(epoch.count)}, number ${formatCount(epoch.fromSeq)} to ${formatCount(epoch.toSeq)} of the lane`,
            ],
            ['Sum of prices', <Money key="s" microUsd={epoch.sumMicroUsd} />],
            ['Merkle root', <Hash key="r" full value={epoch.root} label="Merkle root" />],
            ['Data hash', <Hash key="d" full value={epoch.dataHash} label="data hash" />],
            ['Lane', <Hash key="l" full value={addressOf(epoch.lane)} label="lane key" />],
            ['Closed', <Utc key="c" at={epoch.closedAtMs} />],
            ...epoch.checks.map(
              (check) =>
                [
                  check.name.replaceAll('_', ' '),
                  <span key={check.name} className="flex flex-wrap items-center gap-2">
                    <VerdictBadge verdict={check.verdict} /> <span className="min-w-0 break-words">{check.detail}</span>
                  </span>,
                ] as const,
            ),
          ]}
        />
      </Section>
      <Section
        title="Vouchers"
        description="Cumulative: each says how much a channel owes a provider in all, by this lane."
      >
        <Table label="Vouchers" className="min-w-[720px]">
          <thead>
            <tr>
              <Th>Provider</Th>
              <Th>Channel</Th>
              <Th numeric>Owed in all</Th>
              <Th numeric>Paid for this epoch</Th>
              <Th>Claim transaction</Th>
            </tr>
          </thead>
          <tbody>
            {epoch.vouchers.map((voucher) => (
              <Tr key={`${voucher.channelId}-${voucher.providerId}`}>
                <Td>{voucher.providerName ?? <Hash value={voucher.providerId} label="provider id" />}</Td>
                <Td>
                  <Hash value={voucher.channelId} label="channel id" />
                </Td>
                <Td numeric>
                  <Money microUsd={voucher.cumulativeMicroUsd} />
                </Td>
                <Td numeric>
                  {voucher.paidMicroUsd === null ? (
                    (voucher.skippedReason ?? 'not yet')
                  ) : (
                    <Money microUsd={voucher.paidMicroUsd} />
                  )}
                </Td>
                <Td>{voucher.claimedTx ? <Hash value={voucher.claimedTx} label="claim transaction" /> : '—'}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </Section>
    </>
  )
}
