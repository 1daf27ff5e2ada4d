/** A new batch from a file, for owners and admins; programs make theirs through the gateways' API. */
import { NewBatchForm } from '~/components/batches/new-batch.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { modelMarkets } from '~/lib/market/model-markets.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'New batch' }

export default async function NewBatchPage() {
  const path = '/batches/new'
  const organisation = await requireOrganisation(path)
  const [{ offers }, { channel }] = await pageData(path, (api) =>
    Promise.all([api.marketplace.offers({ liveOnly: true }), api.balance.get()]),
  )
  const disabledReason =
    adminOnlyReason(organisation) ?? (channel === null ? 'There are no funds yet to run it with.' : undefined)
  return (
    <>
      <PageHeader
        trail={[{ href: '/batches', label: 'Batches' }]}
        title="New batch"
        description="Many requests in one file, placed by price where nobody waits, each line answered once within 24 hours."
      />
      {channel === null && (
        <Notice className="mb-4 max-w-3xl">
          Your organisation has no funds yet.{' '}
          <ButtonLink href="/balance" size="sm" className="ml-1">
            Add funds
          </ButtonLink>
        </Notice>
      )}
      <NewBatchForm
        market={modelMarkets(offers)}
        availableMicroUsd={channel?.availableMicroUsd ?? 0n}
        disabledReason={disabledReason}
      />
    </>
  )
}
