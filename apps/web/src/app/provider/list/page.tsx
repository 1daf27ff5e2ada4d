/** Nodes on their way to the market: go on with one, or list another. */
import { ListPlus } from 'lucide-react'
import { Link } from '~/components/ui/link.tsx'
import { BecomeProvider } from '~/components/provider/become-provider.tsx'
import { NewListing } from '~/components/provider/listing/new-listing.tsx'
import { ListingStatusBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'List a node' }

export default async function ListPage() {
  const organisation = await requireOrganisation('/provider/list')
  const disabledReason = adminOnlyReason(organisation)
  if (!organisation.providerId) {
    return (
      <>
        <PageHeader
          title="List a node"
          description="First: the name that the market shows, and the address that is paid. No key of yours is asked for."
        />
        <BecomeProvider orgId={organisation.id} name={organisation.name} disabledReason={disabledReason} />
      </>
    )
  }
  const listings = await pageData('/provider/list', (api) => api.listings.list())
  return (
    <>
      <PageHeader
        trail={[{ href: '/provider', label: 'Nodes & earnings' }]}
        title="List a node"
        description="Machine, agent, prices, promises, stake: leave at any step and come back to it."
        actions={listings.length > 0 && <NewListing disabledReason={disabledReason} />}
      />
      <DataTable
        label="Listings"
        rows={listings}
        rowKey={({ id }) => id}
        columns={[
          {
            head: 'Node',
            cell: ({ id, nodeName }) => (
              <Link className="link font-medium" href={`/provider/list/${id}`}>
                {nodeName ?? 'not named yet'}
              </Link>
            ),
          },
          { head: 'State', cell: ({ status }) => <ListingStatusBadge status={status} /> },
          { head: 'Begun, UTC', cell: ({ createdAtMs }) => <Utc at={createdAtMs} bare /> },
        ]}
        empty={
          <EmptyState
            icon={ListPlus}
            title="Nothing is on its way"
            action={<NewListing disabledReason={disabledReason} />}
          >
            A listing takes some minutes: one command on the machine, then its prices.
          </EmptyState>
        }
      />
    </>
  )
}
