/** Try a model: an answer as it streams, and beside it who gave it and why, how fast, for how much, and its receipt. */
import { Playground } from '~/components/playground/playground.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { playgroundModels } from '~/lib/market/playground-models.ts'
import { nodeLabel } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { gatewayUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Playground' }

export default async function PlaygroundPage({ searchParams }: { searchParams: SearchParams }) {
  const organisation = await requireOrganisation('/playground')
  const { model } = await readSearch(searchParams)
  const [market, leases, balance] = await pageData('/playground', (api) =>
    Promise.all([api.marketplace.offers({}), api.leases.list({ limit: 50 }), api.balance.get()]),
  )
  const names = [
    ...market.offers.map((offer) => [offer.providerId, offer.providerName]),
    ...market.offers.map((offer) => [offer.nodeId, nodeLabel(offer)]),
  ]
  return (
    <>
      <PageHeader
        title="Playground"
        description="A request like any other: placed by the same engine, billed to the micro-dollar, with a receipt."
      />
      <Playground
        models={playgroundModels(market.offers, leases.items)}
        firstModel={model}
        gatewayUrl={await gatewayUrl()}
        nodeNames={Object.fromEntries(names) as Record<string, string>}
        needsOwnKey={organisation.role === 'member'}
        isFunded={(balance.channel?.availableMicroUsd ?? 0n) > 0n}
      />
    </>
  )
}
