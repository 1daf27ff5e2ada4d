/** What platform staff watch: gateways, queues, epochs, and the transactions that we send. */
import type { GatewayView } from '@isochrone/services'
import type { ReactNode } from 'react'
import { CheckCheck, CircleCheck, CircleX, LoaderCircle, Unplug } from 'lucide-react'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EpochStatusBadge, JobStatusBadge } from '~/components/status.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount } from '~/lib/format.ts'
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
          <CountTable
            label="Jobs by state"
            rows={jobStates.map((s) => [<JobStatusBadge key={s} status={s} />, overview.jobs[s]])}
          />
        </Section>
        <Section title="Epochs">
          <CountTable
            label="Epochs by state"
            rows={epochStates.map((s) => [<EpochStatusBadge key={s} status={s} />, overview.epochs[s]])}
          />
        </Section>
      </div>
      <Section title="Gateways">
        {overview.gateways.length === 0 ? (
          <EmptyState title="No gateway reports">A gateway writes its state each second while it runs.</EmptyState>
        ) : (
          <Table label="Gateways" className="min-w-[640px]">
            <thead>
              <tr>
                <Th>Gateway</Th>
                <Th>State</Th>
                <Th>Region</Th>
                <Th numeric>Active requests</Th>
                <Th>Last report, UTC</Th>
                <Th>Lane</Th>
              </tr>
            </thead>
            <tbody>
              {overview.gateways.map((gateway) => (
                <Tr key={gateway.lane}>
                  <Td className="font-medium">{gateway.url}</Td>
                  <Td>
                    <GatewayBadge gateway={gateway} />
                  </Td>
                  <Td>{gateway.region}</Td>
                  <Td numeric>{formatCount(gateway.activeRequests)}</Td>
                  <Td>
                    <Utc at={gateway.seenAtMs} bare />
                  </Td>
                  <Td>
                    <Hash value={addressOf(gateway.lane)} label="lane key" />
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Section>
      <Section title="Transactions" description="Sent by the platform, newest first.">
        {overview.transactions.length === 0 ? (
          <EmptyState title="None sent yet" />
        ) : (
          <Table label="Transactions" className="min-w-[720px]">
            <thead>
              <tr>
                <Th>Created, UTC</Th>
                <Th>Purpose</Th>
                <Th>Subject</Th>
                <Th>State</Th>
                <Th>Transaction</Th>
                <Th>Error</Th>
              </tr>
            </thead>
            <tbody>
              {overview.transactions.map((tx) => (
                <Tr key={tx.id}>
                  <Td>
                    <Utc at={tx.createdAtMs} bare />
                  </Td>
                  <Td>{tx.purpose}</Td>
                  <Td>
                    <Hash value={tx.subject} label="subject" />
                  </Td>
                  <Td>
                    <TransactionBadge status={tx.status} />
                  </Td>
                  <Td>{tx.txHash ? <Hash value={tx.txHash} label="transaction" /> : '—'}</Td>
                  <Td className="text-ink-2">{tx.error ?? '—'}</Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
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

function CountTable({ label, rows }: { label: string; rows: [ReactNode, number][] }) {
  return (
    <Table label={label}>
      <thead>
        <tr>
          <Th>State</Th>
          <Th numeric>Count</Th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([state, count], index) => (
          <Tr key={index}>
            <Td>{state}</Td>
            <Td numeric>{formatCount(count)}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
