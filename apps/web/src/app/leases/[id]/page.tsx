/** One lease: where it is, its endpoint, what it costs by receipts of both sides, and what can be done about it. */
import Link from 'next/link'
import type { LeaseEventView, LeaseReceiptView } from '@isochrone/services'
import { ExtendLease, StopLease } from '~/components/leases/lease-actions.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { LeaseStatusBadge } from '~/components/status.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatMs } from '~/lib/format.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Lease' }

export default async function LeasePage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const lease = await pageData(`/leases/${id}`, (api) => api.leases.detail({ id }))
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
              <ExtendLease id={lease.id} disabledReason={stopping ? 'It is about to end.' : undefined} />
              <StopLease id={lease.id} disabledReason={stopping ? 'It is about to end.' : undefined} />
              <LiveRefresh intervalMs={2_000} />
            </>
          )
        }
      />
      {lease.error !== null && <Notice tone="warn">{lease.error}</Notice>}
      <Stats
        items={[
          { label: 'Node', value: lease.node?.name ?? '—', hint: `${lease.gpus} GPUs, ${lease.model}` },
          { label: 'Cost so far', value: <Money microUsd={lease.billedMicroUsd} />, hint: 'Σ of the receipts below' },
          {
            label: lease.releasedMicroUsd === null ? 'Held' : 'Given back',
            value: <Money microUsd={lease.releasedMicroUsd ?? lease.reservedMicroUsd - lease.billedMicroUsd} />,
            hint: 'of what was held',
          },
          { label: 'Ends, UTC', value: <Utc at={lease.endedAtMs ?? lease.endsAtMs} /> },
          { label: 'Moves', value: lease.moves, hint: 'to another node' },
          {
            label: 'Credited',
            value: <Money microUsd={lease.creditMicroUsd} />,
            hint: `${formatMs(lease.creditMs)} not billed, added to its end`,
          },
        ]}
      />
      {underWay && (
        <Section title="Endpoint">
          <p className="mb-2 text-ink-3">For keys of your organisation alone. Requests cost nothing beside the time.</p>
          <CodeBlock label="a request to this lease" code={curlOf(lease.endpointUrl, lease.id)} />
        </Section>
      )}
      <Section title="What happened">
        <DataTable
          label="What happened"
          columns={eventColumns}
          rows={lease.events}
          rowKey={(event) => `${event.atMs} ${event.event}`}
        />
      </Section>
      <Section title="Receipts">
        <DataTable
          label="Receipts"
          columns={receiptColumns}
          rows={lease.receipts}
          rowKey={(receipt) => `${receipt.lane} ${receipt.seq}`}
          empty="The first one comes a minute after its engine has started, or when it ends."
        />
      </Section>
    </>
  )
}

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
  { head: 'From, UTC', cell: ({ fromMs }) => <Utc at={fromMs} bare /> },
  { head: 'To, UTC', cell: ({ toMs }) => <Utc at={toMs} bare /> },
  { head: 'Node', cell: ({ node }) => node?.name ?? '—' },
  { head: 'GPU time', numeric: true, cell: ({ gpuMs }) => formatMs(gpuMs) },
  { head: 'Price', numeric: true, cell: ({ priceMicroUsd }) => <Money microUsd={priceMicroUsd} /> },
  { head: 'Number on the lane', numeric: true, cell: ({ seq }) => seq },
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
