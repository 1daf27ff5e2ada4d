/** Rents GPUs: what is wanted, a price that holds for a minute, and the confirmation. `?node=` chooses that offer at first. */
import { NewLease } from '~/components/leases/new-lease.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Rent GPUs' }

export default async function NewLeasePage({ searchParams }: { searchParams: SearchParams }) {
  const { node } = await readSearch(searchParams)
  const offers = await pageData('/leases/new', (api) => api.leases.offers())
  const live = offers.filter((offer) => offer.live)
  const isAway = node !== undefined && !live.some(({ id }) => id === node)
  return (
    <>
      <PageHeader
        trail={[{ href: '/leases', label: 'Leases' }]}
        title="Rent GPUs"
        description="Nothing is charged before you confirm. What a lease does not use is given back when it ends."
      />
      {isAway && <Notice className="mb-4">The node that you came from offers no GPUs for lease now.</Notice>}
      {live.length === 0 ? (
        <EmptyState
          title="Nobody offers GPUs for lease now"
          action={<ButtonLink href="/">See the marketplace</ButtonLink>}
        >
          A provider offers them by putting a price on the GPU-hour. Requests by the token are served without a lease.
        </EmptyState>
      ) : (
        <NewLease offers={live} nodeId={node} />
      )}
    </>
  )
}
