/** The wizard of one listing: the step is in the URL, what was said is in the database, and the checklist beside is live. */
import { knownPlaces } from '@isochrone/services'
import { redirect } from 'next/navigation'
import { AgentStep } from '~/components/provider/listing/agent-step.tsx'
import { Checklist } from '~/components/provider/listing/checklist.tsx'
import { KeptStep } from '~/components/provider/listing/kept-step.tsx'
import { MachineStep } from '~/components/provider/listing/machine-step.tsx'
import { ModelStep } from '~/components/provider/listing/model-step.tsx'
import { PriceStep } from '~/components/provider/listing/price-step.tsx'
import { PromiseStep } from '~/components/provider/listing/promise-step.tsx'
import { ReviewStep } from '~/components/provider/listing/review-step.tsx'
import { StakeStep } from '~/components/provider/listing/stake-step.tsx'
import { ListingStatusBadge } from '~/components/status.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Steps } from '~/components/ui/steps.tsx'
import { savedAt, stepOf, whyClosed, wizardSteps } from '~/lib/listing/listing-steps.ts'
import { chainContext, webUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'List a node' }

interface ListingPageProps {
  params: Promise<{ id: string }>
  searchParams: Promise<{ step?: string | string[] }>
}

export default async function ListingPage({ params, searchParams }: ListingPageProps) {
  const { id } = await params
  const { step: asked } = await searchParams
  const path = `/provider/list/${id}`
  const organisation = await requireOrganisation(path)
  if (!organisation.providerId) redirect('/provider/list')
  const [listing, stake, account, { provider }] = await pageData(path, (api) =>
    Promise.all([
      api.listings.detail({ id }),
      api.provider.stake(),
      api.provider.payoutAccount(),
      api.provider.overview(),
    ]),
  )
  const { chainId, rpcUrl } = await chainContext()
  const step = stepOf(typeof asked === 'string' ? asked : undefined, listing)
  const disabledReason = adminOnlyReason(organisation) ?? whyClosed(listing.status)
  const props = { listing, disabledReason }
  return (
    <>
      <PageHeader
        trail={[
          { href: '/provider', label: 'Nodes & earnings' },
          { href: '/provider/list', label: 'List a node' },
        ]}
        title={listing.nodeName ?? 'A new node'}
        badges={<ListingStatusBadge status={listing.status} />}
        actions={<LiveRefresh intervalMs={3_000} quiet />}
      />
      <Steps label="Steps of the listing" steps={wizardSteps(listing, step)} />
      <div className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0">
          <KeptStep key={step} savedAt={savedAt(step, listing)}>
            {step === 'machine' && <MachineStep {...props} places={knownPlaces} />}
            {step === 'agent' && (
              <AgentStep listing={listing} webUrl={await webUrl()} disabledReason={disabledReason} />
            )}
            {step === 'models' && <ModelStep {...props} />}
            {step === 'prices' && <PriceStep {...props} />}
            {step === 'promises' && <PromiseStep {...props} />}
            {step === 'stake' && (
              <StakeStep
                listing={listing}
                stake={stake}
                account={account}
                payoutAddress={provider.payoutAddress}
                chainId={chainId}
                rpcUrl={rpcUrl}
                disabledReason={adminOnlyReason(organisation)}
              />
            )}
            {step === 'review' && (
              <ReviewStep {...props} provider={provider} adminReason={adminOnlyReason(organisation)} />
            )}
          </KeptStep>
        </div>
        <Checklist items={listing.checklist} />
      </div>
    </>
  )
}
