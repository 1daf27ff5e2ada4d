/** Records that would break a promise once they are final: what each would cost, until when it can be contested, and where. */
import type { BreachForecast } from '@isochrone/services'
import { recordHref } from '~/components/epoch/records-table.tsx'
import { promiseWords } from '~/components/record/counts-table.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/words/format.ts'

export function BreachForecasts({ forecast: { isKnown, breaches } }: { forecast: BreachForecast }) {
  if (!isKnown) {
    return (
      <Notice className="mb-4">
        The chain does not answer, so it is not known now whether a reported record would break a promise.
      </Notice>
    )
  }
  if (breaches.length === 0) return null
  return (
    <Section
      title="About to break a promise"
      description="These records are reported and not final. Once one is final its counts join their pool, which then breaks what you promised: the payer is credited out of your stake. If its counts are wrong, contest it now; if they are right, a contest costs you its bond and changes nothing."
    >
      <DataTable
        label="About to break a promise"
        className="sm:min-w-[760px]"
        stacks
        rows={breaches}
        rowKey={({ lane, epoch, nodeId, channelId }) => `${lane}${epoch}${nodeId}${channelId}`}
        columns={[
          {
            head: 'Record',
            cell: (row) => (
              <Link className="link whitespace-nowrap" href={recordHref(row)}>
                {row.node?.name ?? shortHash(addressOf(row.nodeId))}, epoch {row.epoch}
              </Link>
            ),
          },
          { head: 'Would break', cell: ({ promises }) => promises.map((promise) => promiseWords[promise]).join(', ') },
          {
            head: 'TTFT over, in the pool',
            numeric: true,
            cell: ({ samples, ttftOver }) => `${formatCount(ttftOver)} of ${formatCount(samples)}`,
          },
          {
            head: 'Would cost, at most',
            numeric: true,
            cell: ({ creditMicroUsd }) => <Money microUsd={creditMicroUsd} />,
          },
          {
            head: 'Can be contested until, UTC',
            cell: ({ contestUntilMs }) => (contestUntilMs === null ? '—' : <Utc at={contestUntilMs} bare />),
          },
          {
            head: 'Contest',
            cell: ({ lane, epoch, nodeId, node }) => (
              <ButtonLink
                size="sm"
                href={`/disputes/new/record?lane=${lane}&epoch=${epoch}&node=${nodeId}`}
                aria-label={`Contest ${node?.name ?? shortHash(addressOf(nodeId))}, epoch ${epoch}`}
              >
                Contest
              </ButtonLink>
            ),
          },
        ]}
      />
    </Section>
  )
}
