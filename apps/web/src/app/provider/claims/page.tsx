/** A provider's claims: what each epoch brought, what releases it, what was paid, and why the rest is pending. */
import type { RecordStatus } from '@isochrone/domain'
import type { EpochClaims } from '@isochrone/services'
import { FilterBar } from '~/components/filter-bar.tsx'
import { SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { ClaimsTable } from '~/components/provider/claims-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { claimLooks, recordLooks } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money } from '~/components/ui/values.tsx'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'
import { txStagesOf } from '~/server/tx-stages.ts'
import { redirect } from 'next/navigation'

export const metadata = { title: 'Claims' }

const statuses: readonly RecordStatus[] = ['signed', 'reported', 'challenged', 'final', 'invalid']
const EPOCHS_SHOWN = 20

export default async function ClaimsPage({ searchParams }: { searchParams: SearchParams }) {
  const organisation = await requireOrganisation('/provider/claims')
  if (!organisation.providerId) redirect('/provider')
  const search = await readSearch(searchParams)
  const status = oneOf(statuses, search.status)
  const [overview, page] = await pageData('/provider/claims', (api) =>
    Promise.all([api.provider.overview(), api.provider.claims({ status, cursor: search.cursor, limit: EPOCHS_SHOWN })]),
  )
  const filtered = Boolean(status || search.cursor)
  const txStages = await txStagesOf(page.items.flatMap(hashesOf))
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="Claims"
        description="A lane’s vouchers claim what payers owe you into an epoch’s pending. Each node’s performance record, once final, releases what the node earned; the next settlement pays it out, less the fee."
        actions={!filtered && <LiveRefresh intervalMs={5_000} />}
      />
      <Stats
        items={[
          { label: 'Earned', value: <Money microUsd={overview.earnedMicroUsd} />, hint: 'sum of receipts' },
          { label: 'Paid out, net', value: <Money microUsd={overview.paidNetMicroUsd} />, hint: 'all time' },
          {
            label: 'Fee',
            value: <Money microUsd={overview.paidFeeMicroUsd} />,
            hint: `${overview.provider.feeBps / 100} %`,
          },
          {
            label: 'Not settled yet',
            value: <Money microUsd={overview.pendingMicroUsd} />,
            hint: 'open epoch included',
          },
          {
            label: 'Frozen, on this page',
            value: <Money microUsd={page.items.reduce((sum, { frozenMicroUsd }) => sum + frozenMicroUsd, 0n)} />,
            hint: 'by invalid records',
          },
        ]}
      />
      {(page.items.length > 0 || filtered) && (
        <FilterBar action="/provider/claims" label="Filter claims">
          <SelectInput
            name="status"
            label="Status of a record"
            value={status}
            any="Every record"
            options={statuses.map((value) => ({ value, label: `a record ${recordWords(value)}` }))}
          />
        </FilterBar>
      )}
      {page.items.length > 0 ? (
        <div className="mb-8">
          <ClaimsTable epochs={page.items} txStages={txStages} />
        </div>
      ) : filtered ? (
        <EmptyState
          title="No claims for these filters"
          action={<ButtonLink href="/provider/claims">Clear the filters</ButtonLink>}
        >
          None of your epochs has a record {status && recordWords(status)}.
        </EmptyState>
      ) : (
        <EmptyState title="Nothing to claim yet" action={<ButtonLink href="/provider">Your nodes</ButtonLink>}>
          When an epoch closes in which your nodes were paid, its vouchers and records appear here.
        </EmptyState>
      )}
      <Pager path="/provider/claims" search={search} nextCursor={page.nextCursor} />
      <States epochs={page.items} />
    </>
  )
}

const recordWords = (status: RecordStatus): string => `that is ${recordLooks[status].word}`

function hashesOf(epoch: EpochClaims): (string | null)[] {
  const records = epoch.records.flatMap((record) => [record.reportedTx, record.finalTx])
  return [epoch.anchoredTx, epoch.claimedTx, ...records, ...epoch.payouts.map(({ txHash }) => txHash)]
}

/** What the states on this page mean: one line for each that is to be seen. */
function States({ epochs }: { epochs: readonly EpochClaims[] }) {
  const seen = [...new Set(epochs.flatMap(({ records }) => records.map(({ standing }) => standing.state)))]
  if (seen.length === 0) return null
  return (
    <Section title="Why it is where it is">
      <dl className="grid gap-x-5 gap-y-1.5 sm:grid-cols-[max-content_minmax(0,1fr)]">
        {seen.map((state) => (
          <div key={state} className="contents">
            <dt className="font-medium">{claimLooks[state].word}</dt>
            <dd className="text-ink-2">{claimLooks[state].hint}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
