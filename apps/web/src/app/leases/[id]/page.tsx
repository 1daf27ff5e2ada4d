/** One lease: where it is, its endpoint, what it costs by receipts of both sides, and what can be done about it. */
import { Link } from '~/components/ui/link.tsx'
import type { LeaseEventView, LeaseReceiptView } from '@isochrone/services'
import { ExtendLease, StopLease } from '~/components/leases/lease-actions.tsx'
import { LeaseChecks } from '~/components/leases/lease-checks.tsx'
import { LeaseConstraintsLine } from '~/components/leases/lease-constraints.tsx'
import { LeaseStats } from '~/components/leases/lease-stats.tsx'
import { LeaseTrouble } from '~/components/leases/lease-trouble.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { LeaseStatusBadge } from '~/components/status.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount, formatMs, nodeLabel } from '~/lib/words/format.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Lease' }

export default async function LeasePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const lease = await pageData(`/leases/${id}`, (api) => api.leases.detail({ id }))
  const { chainId, paymentChannels } = await chainContext()
  const underWay = lease.endedAtMs === null
  const stopping = lease.status === 'stopping'
  return (
    <>
      <PageHeader
        trail={[{ href: '/leases', label: 'Leases' }]}
        title={<Hash value={lease.id} label="lease id" full />}
        badges={<LeaseStatusBadge status={lease.status} />}
        actions={
          underWay && (
            <>
              <ExtendLease
                id={lease.id}
                gpus={lease.gpus}
                perGpuHourMicroUsd={lease.perGpuHourMicroUsd}
                disabledReason={stopping ? 'It is about to end.' : (lease.notExtendable ?? undefined)}
              />
              <StopLease id={lease.id} disabledReason={stopping ? 'It is about to end.' : undefined} />
              <LiveRefresh intervalMs={2_000} />
            </>
          )
        }
      />
      <LeaseTrouble lease={lease} />
      <LeaseStats lease={lease} nowMs={Date.now()} />
      <LeaseConstraintsLine constraints={lease.constraints} />
      {underWay && (
        <Section
          title="Endpoint"
          description={
            <>
              {lease.status === 'running' ? 'It answers now' : 'It answers as soon as its engine is up'}, to the{' '}
              <Link className="link" href="/keys">
                keys of your organisation
              </Link>{' '}
              alone. Requests cost nothing beside the time.
            </>
          }
        >
          <CodeBlock label="a request to this lease" code={curlOf(lease.endpointUrl, lease.id)} />
        </Section>
      )}
      <Section title="What happened">
        <DataTable
          label="What happened"
          className="sm:min-w-[560px]"
          stacks
          columns={eventColumns}
          rows={lease.events}
          rowKey={(event) => `${event.atMs} ${event.event}`}
        />
      </Section>
      <Section
        title="Receipts"
        description="For each span of time one, signed by the node and by the gateway. The newest hundred."
      >
        <DataTable
          label="Receipts"
          className="sm:min-w-[820px]"
          stacks
          columns={receiptColumns}
          rows={lease.receipts}
          rowKey={receiptKey}
          empty={
            <p className="text-ink-3">
              {underWay
                ? 'The first one comes within a minute of its engine being up, or when it ends.'
                : 'It was never served, and cost nothing.'}
            </p>
          }
        />
      </Section>
      {lease.receipts.length > 0 && (
        <Section title="Checks" description="Nothing here takes our word: your browser recovers the signers itself.">
          <LeaseChecks
            receipts={lease.receipts}
            billedMicroUsd={lease.billedMicroUsd}
            domain={{ chainId, verifyingContract: paymentChannels }}
          />
        </Section>
      )}
    </>
  )
}

const receiptKey = ({ lane, seq }: LeaseReceiptView): string => `${lane} ${seq}`

const curlOf = (url: string, id: string): string =>
  [
    `curl ${url}/chat/completions \\`,
    '  -H "Authorization: Bearer $ISOCHRONE_API_KEY" -H "Content-Type: application/json" \\',
    `  -d '{"model": "${id}", "messages": [{"role": "user", "content": "Hello"}]}'`,
  ].join('\n')

const eventColumns: Column<LeaseEventView>[] = [
  { head: 'At, UTC', className: 'whitespace-nowrap', cell: ({ atMs }) => <Utc at={atMs} bare /> },
  { head: 'State after', cell: ({ status }) => <LeaseStatusBadge status={status} /> },
  { head: 'What', cell: ({ text }) => text },
]

const receiptColumns: Column<LeaseReceiptView>[] = [
  {
    head: 'Receipt',
    headTitle: 'By its number on the lane',
    numeric: true,
    cell: ({ lane, seq }) => (
      <Link className="link" href={`/receipts/${lane}/${seq}`}>
        {formatCount(seq)}
      </Link>
    ),
  },
  { head: 'From, UTC', cell: ({ fromMs }) => <Utc at={fromMs} bare /> },
  { head: 'To, UTC', cell: ({ toMs }) => <Utc at={toMs} bare /> },
  { head: 'Node', cell: ({ node }) => (node ? nodeLabel(node) : '—') },
  { head: 'GPU time', numeric: true, cell: ({ gpuMs }) => formatMs(gpuMs), cellTitle: ({ gpuMs }) => `${gpuMs} ms` },
  { head: 'Price', numeric: true, cell: ({ priceMicroUsd }) => <Money microUsd={priceMicroUsd} /> },
  {
    head: 'Epoch',
    numeric: true,
    cell: ({ lane, epoch }) =>
      epoch === null ? (
        'open'
      ) : (
        <Link className="link" href={`/epochs/${lane}/${epoch}`}>
          {epoch}
        </Link>
      ),
  },
]
