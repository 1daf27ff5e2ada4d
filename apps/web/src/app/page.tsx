/** The marketplace: nodes on offer with what receipts say of them. Anyone may look; the URL holds how. */
import type { OfferListItem, OfferSortBy } from '@isochrone/services'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { Map as MapIcon, Server, Table2 } from 'lucide-react'
import { ColumnPicker } from '~/components/offers/column-picker.tsx'
import { MarketFilters } from '~/components/offers/market-filters.tsx'
import { MarketTable } from '~/components/offers/market-table.tsx'
import { NearestWitness } from '~/components/offers/nearest-witness.tsx'
import { OffersMap } from '~/components/offers/offers-map.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonAnchor, ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { isDemoModel } from '~/lib/market/demo-model.ts'
import { formatCount } from '~/lib/words/format.ts'
import { readOfferQuery } from '~/lib/market/offer-query.ts'
import { hrefWith, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { WITNESS_COOKIE } from '~/lib/page/witness-cookie.ts'
import { pageData } from '~/server/page-data.ts'

/** Of these, much is best, and the first click shows it first. */
const mostFirst: ReadonlySet<OfferSortBy> = new Set(['throughput', 'gpus', 'memory', 'free', 'newest'])

export default async function MarketplacePage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const { query, columns, filtered, ignored } = readOfferQuery(search)
  const onMap = search.view === 'map'
  const [page, places, facets] = await pageData('/', (api) =>
    Promise.all([
      api.marketplace.search(query),
      onMap ? api.marketplace.places(query) : null,
      api.marketplace.facets(),
    ]),
  )
  const witnesses = facets.witnesses.map(({ name, url }) => ({ name, url }))
  const isKnown = (name: string) => witnesses.some((witness) => witness.name === name)
  const remembered = (await cookies()).get(WITNESS_COOKIE)?.value
  if (!search.from && remembered && isKnown(remembered)) redirect(hrefWith('/', search, { from: remembered }))
  if (query.from && !isKnown(query.from)) {
    ignored.push(`from: no witness “${query.from.slice(0, 40)}” has measured nodes of late; choose another one.`)
  }
  const sortLink = (by: OfferSortBy) => {
    const sorted = query.sort === by
    const falling = mostFirst.has(by) !== (query.reversed ?? false)
    const next = sorted && !query.reversed ? { sort: by, desc: '1' } : { sort: by, desc: undefined }
    return {
      href: hrefWith('/', search, { ...next, cursor: undefined }),
      state: sorted ? (falling ? ('descending' as const) : ('ascending' as const)) : ('none' as const),
    }
  }

  return (
    <>
      <PageHeader
        title="Marketplace"
        description="Nodes that answer inference requests. Time to first token, throughput and the effective price are those of signed receipts; hardware is what the node claims, as far as its trust level says."
        actions={search.cursor || onMap ? undefined : <LiveRefresh intervalMs={5_000} />}
      />
      <WhatIsNotReal offers={page.items} />
      {ignored.length > 0 && (
        <Notice tone="warn" className="mb-4">
          The address has something that was left out. {ignored.join(' ')}
        </Notice>
      )}
      <MarketFilters facets={facets} search={search} />
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <p role="status" className="figures text-ink-2">
          {formatCount(page.total)} {page.total === 1 ? 'offer' : 'offers'}, {formatCount(page.live)} live
          {filtered && (
            <>
              {' · '}
              <a className="link" href={hrefWith('/', {}, { sort: search.sort, desc: search.desc, view: search.view })}>
                Clear the filters
              </a>
            </>
          )}
        </p>
        <div className="flex flex-wrap items-center gap-2">
          {witnesses.length > 0 && !onMap && <NearestWitness witnesses={witnesses} search={search} />}
          {!onMap && <ColumnPicker columns={columns} search={search} />}
          <ButtonLink
            size="sm"
            scroll={false}
            href={hrefWith('/', search, { view: onMap ? undefined : 'map', cursor: undefined })}
          >
            {onMap ? <Table2 aria-hidden className="size-3.5" /> : <MapIcon aria-hidden className="size-3.5" />}
            {onMap ? 'Table' : 'Map'}
          </ButtonLink>
        </div>
      </div>
      {places && page.total > 0 ? (
        <OffersMap places={places} search={search} />
      ) : (
        <MarketTable
          offers={page.items}
          columns={columns}
          sortLink={sortLink}
          from={query.from}
          nowMs={Date.now()}
          empty={filtered || search.cursor ? <NothingFound /> : <NothingOffered />}
        />
      )}
      {!onMap && (
        <Pager path="/" search={search} nextCursor={page.nextCursor} words={{ first: 'First page', next: 'Next' }} />
      )}
    </>
  )
}

function WhatIsNotReal({ offers }: { offers: readonly OfferListItem[] }) {
  const demo = offers.some(({ models }) => models.some(isDemoModel))
  const shimmed = offers.some(({ simulatedRttMs }) => simulatedRttMs !== null)
  if (!demo && !shimmed) return null
  return (
    <Notice className="mb-4">
      {demo &&
        'The demo model has random weights, so it talks nonsense. What it shows is real: placement, streaming, receipts and settlement. '}
      {shimmed &&
        'Distances are those of a simulated network: links of one machine are delayed, and these times include it.'}
    </Notice>
  )
}

function NothingFound() {
  return (
    <EmptyState title="No offers for these filters" action={<ButtonAnchor href="/">Clear the filters</ButtonAnchor>}>
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
        <ButtonLink href="/provider/list" tone="primary">
          List a node
        </ButtonLink>
      }
    >
      Nodes appear here once their listing is checked and their provider&apos;s stake is arranged.
    </EmptyState>
  )
}
