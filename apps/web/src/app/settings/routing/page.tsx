/** An organisation's default routing policy. */
import { RoutingForm } from '~/components/routing/routing-form.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { routingMarketOf } from '~/lib/market/routing-market.ts'
import { gatewayUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Routing' }

export default async function RoutingPage() {
  const organisation = await requireOrganisation('/settings/routing')
  const [view, market] = await pageData('/settings/routing', (api) =>
    Promise.all([api.organisation.routing(), api.marketplace.offers({})]),
  )
  const model = market.offers.find(({ live }) => live)?.models[0]?.model ?? market.models[0] ?? 'isochrone-demo-tiny'
  return (
    <>
      <PageHeader
        title="Routing"
        description={`Where requests of ${organisation.name} go when they say nothing else.`}
      />
      <RoutingForm
        view={view}
        market={routingMarketOf(market.offers)}
        gatewayUrl={await gatewayUrl()}
        model={model}
        disabledReason={adminOnlyReason(organisation)}
      />
    </>
  )
}
