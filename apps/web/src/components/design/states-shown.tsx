/** What a page shows of a thing's state: badges, notices, steps, tables full, empty and on their way. */
import type { ComponentProps } from 'react'
import { KeyBudget } from '~/components/keys/key-budget.tsx'
import { DataTable, DataTableSkeleton, type Column } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { ChartSkeleton, FactsSkeleton, StatsSkeleton } from '~/components/ui/skeleton.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Progress, Steps } from '~/components/ui/steps.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'
import { StatusesShown } from './statuses-shown.tsx'

interface Sample {
  name: string
  tokens: number
  microUsd: bigint
  atMs: number
}

const samples: Sample[] = [
  { name: 'aurora-1', tokens: 1_204_331, microUsd: 72_260n, atMs: Date.UTC(2026, 0, 31, 23, 59, 59) },
  { name: 'borealis-b200', tokens: 88, microUsd: 1n, atMs: Date.UTC(2026, 1, 1, 0, 0, 4) },
]

const whole = { microUsd: 10_000_000n, renewsAtMs: Date.UTC(2026, 1, 1) }
const budgets: ComponentProps<typeof KeyBudget>['budget'][] = [
  null,
  { ...whole, period: 'month', spentMicroUsd: 1n, leftMicroUsd: 9_999_999n },
  { ...whole, period: 'day', spentMicroUsd: 6_400_000n, leftMicroUsd: 3_600_000n },
  { ...whole, period: 'total', spentMicroUsd: 10_000_000n, leftMicroUsd: 0n, renewsAtMs: null },
]

const columns: Column<Sample>[] = [
  { head: 'Node', className: 'font-medium', cell: (row) => row.name },
  {
    head: 'Tokens',
    numeric: true,
    sort: { href: '/design', state: 'descending' },
    cell: (row) => formatCount(row.tokens),
  },
  { head: 'Price', numeric: true, cell: (row) => <Money microUsd={row.microUsd} decimalsMin={6} /> },
  { head: 'Finished, UTC', cell: (row) => <Utc at={row.atMs} bare /> },
]

export function StatesShown() {
  return (
    <>
      <StatusesShown />
      <Section title="Notices">
        <div className="grid gap-2 lg:grid-cols-2">
          <Notice>Something to know.</Notice>
          <Notice tone="good">It worked, and stays so.</Notice>
          <Notice tone="warn">It works, and will not for long.</Notice>
          <Notice tone="bad">It did not work; this is what to do.</Notice>
          <ErrorNotice
            error={{
              code: 'provider_timeout',
              owner: 'provider',
              message: 'The node did not answer in time. Try again: another one will be chosen.',
              field: null,
              requestId: 'req_0a1b2c',
            }}
          />
        </div>
      </Section>
      <Section title="Steps and progress">
        <Steps
          label="A wizard"
          steps={[
            { key: 'a', title: 'Organisation', state: 'done', href: '/design' },
            { key: 'b', title: 'Node', state: 'waiting', hint: 'The agent is being awaited.' },
            {
              key: 'c',
              title: 'Check',
              state: 'failed',
              hint: 'Two nodes name one GPU.',
              fix: 'Stop the other agent.',
            },
            { key: 'd', title: 'Prices', state: 'current' },
            { key: 'e', title: 'Live', state: 'ahead' },
          ]}
        />
        <div className="max-w-md">
          <Progress label="Lines answered" done={640} total={1_000} />
        </div>
      </Section>
      <Section title="Budgets of keys" description="None, partly spent, used up.">
        <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
          {budgets.map((budget, index) => (
            <div key={index}>
              <KeyBudget budget={budget} spentThisMonthMicroUsd={1n} />
            </div>
          ))}
        </div>
      </Section>
      <Section title="Figures and facts">
        <Stats
          items={[
            { label: 'TTFT p50', value: '183 ms', hint: 'p95 412 ms' },
            { label: 'Balance', value: <Money microUsd={100_000_000n} />, hint: 'after what is reserved' },
            { label: 'RTT', value: '—', hint: 'not measured' },
          ]}
        />
        <Facts
          items={[
            ['Terms', <Hash key="t" value={`0x${'1234567890abcdef'.repeat(4)}`} label="terms hash" />],
            ['Charge', <Money key="m" microUsd={1n} />],
            ['Closed', <Utc key="u" at={samples[0]?.atMs} />],
          ]}
        />
      </Section>
      <Section title="Tables" description="Full, as cards on a phone, empty, filtered to nothing, and on their way.">
        <div className="grid gap-4">
          <DataTable label="Samples" columns={columns} rows={samples} rowKey={(row) => row.name} />
          <DataTable label="Samples as cards" stacks columns={columns} rows={samples} rowKey={(row) => row.name} />
          <Table label="A sum" className="max-w-md">
            <thead>
              <tr>
                <Th>Billed</Th>
                <Th numeric>Amount</Th>
              </tr>
            </thead>
            <tbody>
              <Tr>
                <Td>Tokens in, fresh</Td>
                <Td numeric>
                  <Money microUsd={5n} />
                </Td>
              </Tr>
              <Tr className="font-medium">
                <Td>Sum</Td>
                <Td numeric>
                  <Money microUsd={5n} />
                </Td>
              </Tr>
            </tbody>
          </Table>
          <EmptyState title="No requests yet">A request appears here about a second after its answer.</EmptyState>
          <EmptyState title="No requests for these filters">None of your requests matches all of them.</EmptyState>
          <DataTableSkeleton label="Samples" columns={columns} rows={3} />
        </div>
      </Section>
      <Section title="Skeletons" description="With the final layout, so that nothing jumps.">
        <StatsSkeleton />
        <div className="grid gap-4 lg:grid-cols-2">
          <FactsSkeleton />
          <ChartSkeleton />
        </div>
      </Section>
    </>
  )
}
