/** Why a provider's nodes got work or did not, from recorded decisions, and how their promises stand. */
import { Swords } from 'lucide-react'
import { redirect } from 'next/navigation'
import { DeclinesTable } from '~/components/provider/declines-table.tsx'
import { JobsTable } from '~/components/provider/jobs-table.tsx'
import { SloTable } from '~/components/provider/slo-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { formatCount, formatShare, formatSpan } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Won & lost' }

export default async function ProviderJobsPage() {
  const organisation = await requireOrganisation('/provider/jobs')
  if (!organisation.providerId) redirect('/provider')
  const { spanMs, looked, nodes, declines, sloSpanMs, slo } = await pageData('/provider/jobs', (api) =>
    api.provider.jobs(),
  )
  const sum = (pick: (node: (typeof nodes)[number]) => number) => nodes.reduce((all, node) => all + pick(node), 0)
  const won = sum((node) => node.won)
  const lost = sum((node) => node.lost.reduce((all, { count }) => all + count, 0))
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="Won & lost"
        description={`From the newest ${formatCount(looked)} decisions of the whole market in the last ${spanMs / 3_600_000} hours. You are told of your own nodes alone: never whose request it was, or who got it.`}
      />
      <Stats
        items={[
          { label: 'Won', value: formatCount(won), hint: 'chosen first' },
          { label: 'Lost', value: formatCount(lost), hint: 'compared, and another was chosen' },
          {
            label: 'Share won',
            value: won + lost > 0 ? formatShare(won / (won + lost)) : '—',
            hint: 'of the compared',
          },
          {
            label: 'Left out',
            value: formatCount(sum((node) => node.masked.reduce((all, { count }) => all + count, 0))),
            hint: 'by a constraint, before comparing',
          },
        ]}
      />
      <Section
        title="Decisions by node"
        description="Margins are the middle one of each kind: by how much the chosen node was better in the part that you lost on."
      >
        {nodes.length > 0 ? (
          <JobsTable nodes={nodes} />
        ) : (
          <EmptyState icon={Swords} title="No decision named your nodes">
            A decision names a node when it compares it. In a large market only some are drawn for each request; a node
            that is never named serves no model that is asked for, or is not linked.
          </EmptyState>
        )}
      </Section>
      <Section
        title="Declined"
        description={`Attempts of the last ${spanMs / 3_600_000} hours that your nodes sent away, because more prompt tokens waited there than might for the first token to come in time. Nothing is held against a node for it, and nothing is earned: the request went elsewhere. Tokens are those of the middle one.`}
      >
        {declines.length > 0 ? (
          <DeclinesTable rows={declines} />
        ) : (
          <p className="text-ink-3">None of your nodes declined an attempt.</p>
        )}
      </Section>
      <Section
        title="SLO standing"
        description={`Counted attempts of the performance records of ${formatSpan(sloSpanMs)}. A promise holds where at most 5 % exceed it; a breach is found by a test on pooled counts, not by one bad hour.`}
      >
        {slo.length > 0 ? <SloTable rows={slo} /> : <p className="text-ink-3">No performance record in this time.</p>}
      </Section>
    </>
  )
}
