/** Where a team is told how its queued work ended, and every delivery of it with its end. */
import { webhookEvents } from '@isochrone/services'
import { Webhook } from 'lucide-react'
import { FilterBar } from '~/components/filter-bar.tsx'
import { SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { CreateWebhookDialog } from '~/components/webhooks/create-webhook-dialog.tsx'
import { DeliveriesTable } from '~/components/webhooks/deliveries-table.tsx'
import { RemoveWebhookDialog } from '~/components/webhooks/remove-webhook-dialog.tsx'
import { oneOf, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Webhooks' }

const PATH = '/settings/webhooks'
const statuses = ['pending', 'delivered', 'dead'] as const

export default async function WebhooksPage({ searchParams }: { searchParams: SearchParams }) {
  const organisation = await requireOrganisation(PATH)
  const disabledReason = adminOnlyReason(organisation)
  const search = await readSearch(searchParams)
  const status = oneOf(statuses, search.status)
  const [endpoints, page] = await pageData(PATH, (api) =>
    Promise.all([api.webhooks.list(), api.webhooks.deliveries({ status, cursor: search.cursor })]),
  )
  return (
    <>
      <PageHeader
        title="Webhooks"
        description="A signed message to your address when a background response or a queued job is over. It holds ids and the status, no prompt and no answer."
        actions={<CreateWebhookDialog disabledReason={disabledReason} events={[...webhookEvents]} />}
      />
      {endpoints.length === 0 ? (
        <EmptyState icon={Webhook} title="No webhooks yet">
          Without one, ask <code className="font-mono text-xs">GET /v1/responses/…</code> or{' '}
          <code className="font-mono text-xs">GET /v1/jobs/…</code> for the status. Add an address above to be told
          instead.
        </EmptyState>
      ) : (
        <Section title="Addresses">
          <DataTable
            label="Webhooks"
            className="sm:min-w-[640px]"
            stacks
            rows={endpoints}
            rowKey={(endpoint) => endpoint.id}
            columns={[
              { head: 'Address', className: 'font-mono text-xs break-all', cell: (endpoint) => endpoint.url },
              {
                head: 'Told of',
                className: 'text-ink-2',
                cell: ({ events }) => (events.length === webhookEvents.length ? 'everything' : events.join(', ')),
              },
              { head: 'Added, UTC', cell: (endpoint) => <Utc at={endpoint.createdAtMs} bare /> },
            ]}
            actions={({ id, url }) => <RemoveWebhookDialog id={id} url={url} disabledReason={disabledReason} />}
          />
        </Section>
      )}
      {(endpoints.length > 0 || page.items.length > 0) && (
        <Section
          title="Deliveries"
          description="Eight attempts in about nine hours; after the last one a delivery is dead until you send it again. Repetitions carry the same webhook-id."
          actions={<LiveRefresh intervalMs={3_000} />}
        >
          <FilterBar action={PATH} label="Filter deliveries">
            <SelectInput name="status" label="State" value={status} any="Any state" options={statuses} />
          </FilterBar>
          <DeliveriesTable
            items={page.items}
            disabledReason={disabledReason}
            empty={
              <EmptyState title={status ? 'No deliveries in this state' : 'Nothing was sent yet'}>
                The first message goes out when a job ends.
              </EmptyState>
            }
          />
          <Pager path={PATH} search={search} nextCursor={page.nextCursor} />
        </Section>
      )}
    </>
  )
}
