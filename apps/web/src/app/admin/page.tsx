/** What platform staff watch: gateways, queues, epochs, and the transactions that we send. */
import type { GatewayView } from '@isochrone/services'
import { CheckCheck, CircleCheck, CircleX, LoaderCircle, Unplug } from 'lucide-react'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EpochStatusBadge, JobStatusBadge } from '~/components/status.tsx'
import { RecountsTable } from '~/components/recounts-table.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Operations' }

const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
const epochStates = ['closed', 'anchored', 'claimed', 'settled'] as const

export default async function AdminPage() {
  const overview = await pageData('/admin', (api) => api.admin.overview())
  return (
    <>
      <PageHeader
        title="Operations"
        description="The platform at a glance."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <Stats
        items={[
          { label: 'Nodes live', value: `${overview.nodesLive} of ${overview.nodesTotal}` },
          { label: 'Requests in 24 h', value: formatCount(overview.requestsLastDay) },
          { label: 'Receipts to store', value: formatCount(overview.receiptsBacklog), hint: 'in the stream' },
          { label: 'Deposited', value: <Money microUsd={overview.depositedMicroUsd} /> },
          { label: 'Claimed', value: <Money microUsd={overview.claimedMicroUsd} /> },
          {
            label: 'Chain block',
            value: overview.chainBlock === null ? 'no answer' : formatCount(overview.chainBlock),
          },
          { label: 'Control version', value: formatCount(overview.controlVersion) },
          {
            label: 'Users',
            value: formatCount(overview.users),
            hint: `${overview.organisations} organisations, ${overview.providers} providers`,
          },
        ]}
      />
      <div className="grid gap-x-6 lg:grid-cols-2">
        <Section title="Queued jobs">
          <DataTable
            label="Jobs by state"
            rows={jobStates}
            rowKey={(state) => state}
            columns={[
              { head: 'State', cell: (state) => <JobStatusBadge status={state} /> },
              { head: 'Count', numeric: true, cell: (state) => formatCount(overview.jobs[state]) },
            ]}
          />
        </Section>
        <Section title="Epochs">
          <DataTable
            label="Epochs by state"
            rows={epochStates}
            rowKey={(state) => state}
            columns={[
              { head: 'State', cell: (state) => <EpochStatusBadge status={state} /> },
              { head: 'Count', numeric: true, cell: (state) => formatCount(overview.epochs[state]) },
            ]}
          />
        </Section>
      </div>
      <Section title="Gateways">
        <DataTable
          label="Gateways"
          className="sm:min-w-[640px]"
          stacks
          rows={overview.gateways}
          rowKey={(gateway) => gateway.lane}
          columns={[
            { head: 'Gateway', className: 'font-medium', cell: (gateway) => gateway.url },
            { head: 'State', cell: (gateway) => <GatewayBadge gateway={gateway} /> },
            { head: 'Region', cell: (gateway) => gateway.region },
            { head: 'Active requests', numeric: true, cell: (gateway) => formatCount(gateway.activeRequests) },
            { head: 'Last report, UTC', cell: (gateway) => <Utc at={gateway.seenAtMs} bare /> },
            { head: 'Lane', cell: (gateway) => <Hash value={addressOf(gateway.lane)} label="lane key" /> },
          ]}
          empty={
            <EmptyState title="No gateway reports">A gateway writes its state each second while it runs.</EmptyState>
          }
        />
      </Section>
      <Section
        title="Token counts that were too high"
        description="Receipts whose text has fewer tokens than the node claimed, by the gateway’s own tokenizer; newest first."
      >
        {overview.recounts.length === 0 ? (
          <EmptyState title="None was found">
            A gateway recounts plain text of models whose tokenizer it has (RECOUNT_TOKENIZERS_DIR).
          </EmptyState>
        ) : (
          <RecountsTable recounts={overview.recounts} />
        )}
      </Section>
      <Section title="Transactions" description="Sent by the platform, newest first.">
        <DataTable
          label="Transactions"
          className="sm:min-w-[720px]"
          stacks
          rows={overview.transactions}
          rowKey={(tx) => tx.id}
          columns={[
            { head: 'Created, UTC', cell: (tx) => <Utc at={tx.createdAtMs} bare /> },
            { head: 'Purpose', cell: (tx) => tx.purpose },
            { head: 'Subject', cell: (tx) => <Hash value={tx.subject} label="subject" /> },
            { head: 'State', cell: (tx) => <TransactionBadge status={tx.status} /> },
            { head: 'Transaction', cell: ({ txHash }) => (txHash ? <Hash value={txHash} label="transaction" /> : '—') },
            { head: 'Error', className: 'text-ink-2', cell: (tx) => tx.error ?? '—' },
          ]}
          empty={<EmptyState title="None sent yet" />}
        />
      </Section>
    </>
  )
}

function GatewayBadge({ gateway: { live, ready } }: { gateway: GatewayView }) {
  if (!live) {
    return (
      <Badge tone="bad" icon={Unplug} title="No report for some seconds.">
        silent
      </Badge>
    )
  }
  return ready ? (
    <Badge tone="good" icon={CircleCheck}>
      ready
    </Badge>
  ) : (
    <Badge tone="warn" icon={LoaderCircle}>
      loading
    </Badge>
  )
}

function TransactionBadge({ status }: { status: string }) {
  const [tone, icon] =
    status === 'failed'
      ? (['bad', CircleX] as const)
      : status === 'final'
        ? (['good', CheckCheck] as const)
        : (['accent', LoaderCircle] as const)
  return (
    <Badge tone={tone} icon={icon}>
      {status}
    </Badge>
  )
}
