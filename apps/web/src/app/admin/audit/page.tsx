/** The log of what staff did, and of changes to the budgets of keys. It only grows: the database refuses to change or remove a row. */
import type { AuditEntry } from '@isochrone/services'
import { FilterBar } from '~/components/filter-bar.tsx'
import { SearchInput, SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'
import { CircleCheck, CircleDashed, CircleX } from 'lucide-react'

export const metadata = { title: 'Audit log' }

const outcomes = ['done', 'asked', 'refused'] as const

export default async function AuditPage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const { action, who, subject, cursor } = search
  const outcome = oneOf(outcomes, search.outcome)
  const page = await pageData('/admin/audit', (api) => api.admin.audit({ action, who, subject, outcome, cursor }))
  const filtered = Boolean(action || who || subject || outcome || cursor)
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Audit log"
        description="What staff asked for and how it ended, and each change of a key’s budget by its organisation, newest first. Rows are added; none is changed or removed."
      />
      <FilterBar action="/admin/audit" label="Filter the log">
        <SelectInput name="outcome" label="Outcome" value={outcome} any="Any outcome" options={outcomes} />
        <SearchInput name="action" label="Action, exactly" value={action} />
        <SearchInput name="who" label="Who" value={who} />
        <SearchInput name="subject" label="About" value={subject} />
      </FilterBar>
      <DataTable
        label="Audit log"
        className="sm:min-w-[860px]"
        stacks
        rows={page.items}
        rowKey={({ id }) => id}
        columns={[
          { head: 'No.', numeric: true, cell: ({ id }) => id },
          { head: 'Time, UTC', cell: ({ atMs }) => <Utc at={atMs} bare /> },
          { head: 'Who', cell: ({ email }) => email, cellTitle: ({ userId }) => userId },
          { head: 'Action', className: 'font-mono text-xs', cell: ({ action: name }) => name },
          { head: 'About', cell: ({ subject: about }) => about || '—' },
          { head: 'Outcome', cell: ({ outcome: end }) => <OutcomeBadge outcome={end} /> },
          {
            head: 'Given',
            className: 'max-w-[28rem] break-words text-xs text-ink-2',
            cell: ({ detail }) => given(detail),
          },
        ]}
        empty={
          <EmptyState
            title={filtered ? 'No rows for these filters' : 'Nothing was changed yet'}
            action={filtered ? <ButtonLink href="/admin/audit">Clear the filters</ButtonLink> : undefined}
          />
        }
      />
      <Pager path="/admin/audit" search={search} nextCursor={page.nextCursor} />
    </>
  )
}

function OutcomeBadge({ outcome }: Pick<AuditEntry, 'outcome'>) {
  if (outcome === 'done')
    return (
      <Badge tone="good" icon={CircleCheck}>
        done
      </Badge>
    )
  if (outcome === 'asked') return <Badge icon={CircleDashed}>asked</Badge>
  return (
    <Badge tone="bad" icon={CircleX}>
      {outcome.replaceAll('_', ' ')}
    </Badge>
  )
}

function given(detail: Record<string, unknown>): string {
  const fields = Object.entries(detail).filter(([name]) => name !== 'id')
  return fields.length === 0 ? '—' : fields.map(([name, value]) => `${name}: ${String(value)}`).join(' · ')
}
