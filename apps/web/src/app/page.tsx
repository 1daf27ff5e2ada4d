/** The marketplace: every node on offer with what gateways measured of it. Anyone may look. */
import { Server } from 'lucide-react'
import { CheckInput, FilterBar, SearchInput, SelectInput } from '~/components/filter-bar.tsx'
import { OffersTable, offerSorts, type OfferSort } from '~/components/offers-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { servesDemoModel } from '~/lib/demo-model.ts'
import { matchesOffer } from '~/lib/match-offer.ts'
import { hrefWith, oneOf, readSearch, type SearchParams } from '~/lib/search.ts'
import { pageData } from '~/server/page-data.ts'

export default async function MarketplacePage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const sort = oneOf(offerSorts, search.sort)
  const { offers, models, regions } = await pageData('/', (api) =>
    api.marketplace.offers({ model: search.model, region: search.region, liveOnly: search.live === '1', sort }),
  )
  const shown = offers.filter((offer) => matchesOffer(offer, search.q))
  const filtered = Boolean(search.q || search.model || search.region || search.live)
  const sortLink = (by: OfferSort, sorted: 'ascending' | 'descending') => ({
    href: hrefWith('/', search, { sort: sort === by ? undefined : by }),
    state: sort === by ? sorted : ('none' as const),
  })

  return (
    <>
      <PageHeader
        title="Marketplace"
        description="Nodes that answer inference requests now. Time to first token and throughput are measured by our gateways; hardware is what the node claims."
        actions={<LiveRefresh intervalMs={5_000} />}
      />
      {offers.some(servesDemoModel) && (
        <Notice className="mb-4">
          The demo model has random weights, so it talks nonsense. What it shows is real: placement, streaming, receipts
          and settlement.
        </Notice>
      )}
      <FilterBar action="/" label="Filter offers" keep={{ sort }}>
        <SearchInput name="q" value={search.q} label="Search nodes, hardware, models" />
        <SelectInput name="model" label="Model" value={search.model} any="All models" options={models} />
        <SelectInput name="region" label="Region" value={search.region} any="All regions" options={regions} />
        <CheckInput name="live" label="Live only" checked={search.live === '1'} />
      </FilterBar>
      <OffersTable offers={shown} sortLink={sortLink} empty={filtered ? <NothingFound /> : <NothingOffered />} />
    </>
  )
}

function NothingFound() {
  return (
    <EmptyState title="No offers for these filters" action={<ButtonLink href="/">Clear the filters</ButtonLink>}>
      There are nodes on the market, but none matches all of them.
    </EmptyState>
  )
}

function NothingOffered() {
  return (
    <EmptyState
      icon={Server}
      title="No node is on offer yet"
      action={
        <ButtonLink href="/provider/join" tone="primary">
          Add a node
        </ButtonLink>
      }
    >
      Nodes appear here as soon as a provider&apos;s agent has linked itself to a gateway.
    </EmptyState>
  )
}
