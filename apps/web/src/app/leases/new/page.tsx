/** Rents GPUs: what is wanted, a price that holds for a minute, and the confirmation. */
import { NewLease } from '~/components/leases/new-lease.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Rent GPUs' }

export default async function NewLeasePage() {
  const offers = await pageData('/leases/new', (api) => api.leases.offers())
  const live = offers.filter((offer) => offer.live)
  return (
    <>
      <PageHeader
        trail={[{ href: '/leases', label: 'Leases' }]}
        title="Rent GPUs"
        description="Nothing is charged before you confirm. What a lease does not use is given back when it ends."
      />
      {live.length === 0 ? (
        <EmptyState
          title="Nobody offers GPUs for lease now"
          action={<ButtonLink href="/">See the marketplace</ButtonLink>}
        >
          A provider offers them with a price by the hour when a node joins. Requests by the token go on without.
        </EmptyState>
      ) : (
        <NewLease offers={live} />
      )}
    </>
  )
}
