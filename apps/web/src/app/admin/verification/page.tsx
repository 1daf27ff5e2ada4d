/** Nodes whose checks want a person: what was found, on what evidence, and a new check on demand. */
import type { VerificationFilter } from '@isochrone/services'
import { verificationFilters } from '@isochrone/services'
import { ShieldCheck } from 'lucide-react'
import { PillLinks } from '~/components/disputes/pill-links.tsx'
import { FilterBar } from '~/components/filter-bar.tsx'
import { SearchInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { QueuedNodeSection } from '~/components/verification/queued-node-section.tsx'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Verification queue' }

const labels: Record<VerificationFilter, string> = {
  attention: 'Needs a look',
  failed: 'Failed',
  unverified: 'Unverified',
  due: 'Due',
  all: 'All',
}
const PATH = '/admin/verification'

export default async function VerificationQueuePage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const show = oneOf(verificationFilters, search.show) ?? 'attention'
  const { q, cursor } = search
  const page = await pageData(PATH, (api) => api.admin.verification({ show, q: q?.slice(0, 80), cursor, limit: 20 }))
  const nowMs = Date.now()
  const hrefOf = (filter: VerificationFilter) => {
    const query = new URLSearchParams({ ...(filter !== 'attention' && { show: filter }), ...(q && { q }) }).toString()
    return query ? `${PATH}?${query}` : PATH
  }
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Verification queue"
        description="Invalid was disproved, unverifiable means that nobody could tell. Only what is invalid costs a node its standing."
        actions={<LiveRefresh intervalMs={10_000} />}
      />
      <PillLinks
        label="Which nodes"
        items={verificationFilters.map((filter) => ({
          href: hrefOf(filter),
          label: labels[filter],
          current: filter === show,
        }))}
      />
      <FilterBar action={PATH} label="Search nodes" keep={{ show: show === 'attention' ? undefined : show }}>
        <SearchInput name="q" label="Node or provider" value={q} />
      </FilterBar>
      {page.items.length === 0 && (
        <EmptyState
          icon={ShieldCheck}
          title={q ? 'No node for this search' : show === 'attention' ? 'Nothing needs a look' : 'No such node'}
          action={show !== 'all' || q ? <ButtonLink href={`${PATH}?show=all`}>Show all nodes</ButtonLink> : undefined}
        >
          Nodes are checked when they join and then again and again; what cannot be told for good shows here.
        </EmptyState>
      )}
      {page.items.map((node) => (
        <QueuedNodeSection key={node.id} node={node} nowMs={nowMs} />
      ))}
      <Pager path={PATH} search={search} nextCursor={page.nextCursor} />
    </>
  )
}
