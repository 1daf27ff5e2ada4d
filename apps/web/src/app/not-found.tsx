/** Unknown pages, and ids that are not there or belong to somebody else: the two look the same on purpose. */
import { SearchX } from 'lucide-react'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'

export const metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <>
      <PageHeader title="Not found" />
      <EmptyState
        icon={SearchX}
        title="There is nothing at this address"
        action={
          <>
            <ButtonLink href="/" tone="primary">
              Open the marketplace
            </ButtonLink>
            <ButtonLink href="/requests">Your requests</ButtonLink>
          </>
        }
      >
        The link may be mistyped, or the thing belongs to an organisation that you are not working in now. A request
        that has just finished takes a second to be recorded.
      </EmptyState>
    </>
  )
}
