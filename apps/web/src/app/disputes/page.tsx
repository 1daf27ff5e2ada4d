/** Disputes of the organisation: what it asked back as a payer, what is asked of it as a provider, what is on its way. */
import { DisputesTable } from '~/components/disputes/disputes-table.tsx'
import { OrdersTable } from '~/components/disputes/orders-table.tsx'
import { PagedSection } from '~/components/paged-section.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Disputes' }

const words = { first: 'First', next: 'Next' }

export default async function DisputesPage({ searchParams }: { searchParams: SearchParams }) {
  const org = await requireOrganisation('/disputes')
  const search = await readSearch(searchParams)
  const { asPayer, asProvider, orders } = await pageData('/disputes', (api) =>
    api.disputes.list({ payerCursor: search.asked, providerCursor: search['asked-of'] }),
  )
  const paged = Boolean(search.asked || search['asked-of'])
  const nowMs = Date.now()
  return (
    <>
      <PageHeader
        title="Disputes"
        description="About receipts that you paid for, ruled on by arbiters on the chain."
        actions={!paged && <LiveRefresh intervalMs={3_000} />}
      />
      <PagedSection
        id="asked"
        title="Asked back by you"
        path="/disputes"
        search={search}
        nextCursor={asPayer.nextCursor}
        words={words}
      >
        <DisputesTable
          label="Asked back by you"
          path="/disputes"
          items={asPayer.items}
          nowMs={nowMs}
          empty={
            <EmptyState title="You dispute nothing" action={<ButtonLink href="/requests">Open a request</ButtonLink>}>
              A dispute starts at a receipt: open a request, then its receipt, and choose Dispute once its epoch is
              anchored.
            </EmptyState>
          }
        />
      </PagedSection>
      {org.providerId !== null && (
        <PagedSection
          id="asked-of"
          path="/disputes"
          search={search}
          nextCursor={asProvider.nextCursor}
          words={words}
          title="Asked of you as a provider"
          description="Answer before the deadline; without an answer a panel is drawn all the same."
        >
          <DisputesTable
            label="Asked of you as a provider"
            path="/disputes"
            items={asProvider.items}
            nowMs={nowMs}
            empty={<EmptyState title="Nobody disputes your receipts" />}
          />
        </PagedSection>
      )}
      {orders.length > 0 && (
        <Section title="Asked for" description="What the platform’s account sends for you, newest first.">
          <OrdersTable orders={orders} txStages={await txStagesOf(orders.map(({ txHash }) => txHash))} />
        </Section>
      )}
    </>
  )
}
