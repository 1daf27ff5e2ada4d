/** A node's performance record of one epoch: record → release → payout, who signed it, and the counts under it. */
import type { RecordDetail } from '@isochrone/services'
import { notFound } from 'next/navigation'
import { payoutAmounts, payoutTime } from '~/components/money/payout-columns.tsx'
import { CountsTable } from '~/components/record/counts-table.tsx'
import { RecordChecks } from '~/components/record/record-checks.tsx'
import { ReleaseTrack } from '~/components/record/release-track.tsx'
import { SignedFields } from '~/components/receipt/signed-fields.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { claimLooks, ClaimStateBadge, RecordStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatUtc, shortHash } from '~/lib/words/format.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Performance record' }

type Params = Promise<{ lane: string; epoch: string; nodeId: string }>

export default async function RecordPage({ params }: { params: Params }) {
  const { lane, epoch, nodeId } = await params
  const isName = (text: string) => /^0x[0-9a-f]{64}$/.test(text)
  if (!isName(lane) || !isName(nodeId) || !/^\d{1,15}$/.test(epoch)) notFound()
  const epochHref = `/epochs/${lane}/${epoch}`
  const record = await pageData(`${epochHref}/records/${nodeId}`, (api) =>
    api.epochs.record({ lane, nodeId, epoch: Number(epoch) }),
  )
  const { chainId, slaLedger } = await chainContext()
  const hashes = [
    record.anchoredTx,
    record.claimedTx,
    record.reportedTx,
    record.challengedTx,
    record.finalTx,
    ...record.payouts.map(({ txHash }) => txHash),
  ]
  const { state, nextAtMs } = record.standing
  return (
    <>
      <PageHeader
        trail={[
          { href: '/epochs', label: 'Epochs' },
          { href: epochHref, label: `Epoch ${epoch}` },
        ]}
        title={`Performance of ${record.node?.name ?? shortHash(addressOf(nodeId))}`}
        badges={
          <>
            <RecordStatusBadge status={record.status} />
            <ClaimStateBadge state={state} />
            {record.node?.simulated && <SimulatedBadge />}
          </>
        }
        actions={
          <>
            {record.status === 'reported' && (
              <ButtonLink href={`/disputes/new/record?lane=${lane}&epoch=${epoch}&node=${nodeId}`}>
                Challenge
              </ButtonLink>
            )}
            {state !== 'paid' && <LiveRefresh intervalMs={5_000} />}
          </>
        }
      />
      <Notice tone={noticeTones[state] ?? 'info'} className="mb-4">
        {claimLooks[state].hint}
        {nextAtMs !== null && ` The wait ends by itself at ${formatUtc(nextAtMs)}.`}
      </Notice>
      <RecordStats record={record} />
      <Section title="Record, release, payout">
        <ReleaseTrack record={record} txStages={await txStagesOf(hashes)} />
      </Section>
      <Section title="Checks" description="Your browser recovers both signers and hashes the counts itself.">
        <RecordChecks record={record} domain={{ chainId, verifyingContract: slaLedger }} />
      </Section>
      <Section
        title="Counts"
        description="One row for each payer and version of the terms. Only samples that count: thinned to one a second, no client’s or gateway’s faults, no load above the declared capacity."
      >
        <CountsTable counts={record.counts} />
      </Section>
      <Payouts record={record} />
      <Section title="As signed">
        <div className="flex flex-col gap-3">
          <Facts
            items={[
              ['Node', <Hash key="n" full value={addressOf(nodeId)} label="node key" />],
              ['Lane', <Hash key="l" full value={addressOf(lane)} label="lane key" />],
              ['Provider', record.providerName ?? <Hash key="p" value={record.providerId} label="provider id" />],
              ['Version', String(record.version)],
              ['Counts root', <Hash key="c" full value={record.countsRoot} label="counts root" />],
            ]}
          />
          <SignedFields
            title="Performance record"
            hash={String(record.record.countsRoot ?? '')}
            hashName="counts root"
            fields={record.record}
            signature={record.laneSignature}
            signatures={record.nodeSignature ? { 'node signature': record.nodeSignature } : {}}
          />
          {record.earlier.map((version) => (
            <Notice key={version.version} tone="warn">
              Version {version.version} was found invalid: it said <Money microUsd={version.earnedMicroUsd} /> over{' '}
              {formatCount(version.attempts)} attempts{version.challengerReason && `. ${version.challengerReason}`}
            </Notice>
          ))}
        </div>
      </Section>
    </>
  )
}

const noticeTones: Partial<Record<RecordDetail['standing']['state'], 'good' | 'warn' | 'bad'>> = {
  paid: 'good',
  frozen: 'bad',
  challenged: 'warn',
  unclaimed: 'warn',
}

function RecordStats({ record }: { record: RecordDetail }) {
  const samples = record.counts.reduce((sum, row) => sum + row.samples, 0)
  const credited = record.counts.reduce((sum, row) => sum + (row.creditMicroUsd ?? 0n), 0n)
  const net = record.payouts.reduce((sum, row) => sum + row.netMicroUsd, 0n)
  return (
    <Stats
      items={[
        { label: 'Earned', value: <Money microUsd={record.earnedMicroUsd} />, hint: 'what the record releases' },
        {
          label: 'Attempts',
          value: formatCount(record.attempts),
          hint: `${formatCount(record.faults)} ended by the node’s fault`,
        },
        { label: 'Samples that count', value: formatCount(samples), hint: 'tested from 500 in a pool on' },
        { label: 'Credited to payers', value: <Money microUsd={credited} />, hint: 'for broken promises' },
        {
          label: record.status === 'invalid' ? 'Freeze can end from, UTC' : 'Can be final from, UTC',
          value: <Utc at={record.finalAtMs} bare />,
          hint: record.nodeSigned ? 'signed by lane and node' : 'lane alone: twice the window',
        },
        { label: 'Paid for the epoch, net', value: <Money microUsd={net} />, hint: 'to the provider, all nodes' },
      ]}
    />
  )
}

function Payouts({ record: { payouts, epoch } }: { record: RecordDetail }) {
  if (payouts.length === 0) return null
  return (
    <Section
      title="Payouts"
      description={`Of everything that the provider had pending for epoch ${epoch}, all nodes together.`}
    >
      <DataTable
        label="Payouts"
        className="sm:min-w-[560px]"
        stacks
        rows={payouts}
        rowKey={(payout) => payout.txHash}
        columns={[payoutTime, ...payoutAmounts]}
      />
    </Section>
  )
}
