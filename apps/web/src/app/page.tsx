/** The marketplace: every node on offer with what gateways measured of it. Anyone may look. */
import Link from 'next/link'
import { Server } from 'lucide-react'
import type { Offer } from '@isochrone/services'
import { CheckInput, FilterBar, SearchInput, SelectInput } from '~/components/filter-bar.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { LiveBadge, SimulatedBadge, SimulatedNetworkBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { servesDemoModel } from '~/lib/demo-model.ts'
import { formatCount, formatMs, formatTokensPerSecond, shortHardware } from '~/lib/format.ts'
import { matchesOffer } from '~/lib/match-offer.ts'
import { hrefWith, oneOf, readSearch, type SearchParams } from '~/lib/search.ts'
import { pageData } from '~/server/page-data.ts'

const sorts = ['price', 'latency', 'throughput'] as const

export default async function MarketplacePage({ searchParams }: { searchParams: SearchParams }) {
  const search = await readSearch(searchParams)
  const sort = oneOf(sorts, search.sort)
  const { offers, models, regions } = await pageData('/', (api) =>
    api.marketplace.offers({ model: search.model, region: search.region, liveOnly: search.live === '1', sort }),
  )
  const shown = offers.filter((offer) => matchesOffer(offer, search.q))
  const filtered = Boolean(search.q || search.model || search.region || search.live)
  const sortLink = (by: (typeof sorts)[number], ascending: boolean) => ({
    href: hrefWith('/', search, { sort: sort === by ? undefined : by }),
    state: sort === by ? (ascending ? ('ascending' as const) : ('descending' as const)) : ('none' as const),
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
      {shown.length > 0 ? (
        <Table label="Offers" className="min-w-[900px]">
          <thead>
            <tr>
              <Th>Node</Th>
              <Th>Model</Th>
              <Th>Hardware</Th>
              <Th>Region</Th>
              <Th numeric sort={sortLink('price', true)}>
                $/M tokens in, out
              </Th>
              <Th numeric sort={sortLink('latency', true)}>
                TTFT p50, p95
              </Th>
              <Th numeric sort={sortLink('throughput', false)}>
                Tokens/s
              </Th>
              <Th numeric>Network RTT</Th>
              <Th numeric>Free slots</Th>
            </tr>
          </thead>
          <tbody>
            {shown.map((offer) => (
              <OfferRow key={offer.id} offer={offer} />
            ))}
          </tbody>
        </Table>
      ) : filtered ? (
        <EmptyState title="No offers for these filters" action={<ButtonLink href="/">Clear the filters</ButtonLink>}>
          There are nodes on the market, but none matches all of them.
        </EmptyState>
      ) : (
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
      )}
    </>
  )
}

function OfferRow({ offer }: { offer: Offer }) {
  const { measured, prices } = offer
  const second = 'text-xs text-ink-3'
  return (
    <Tr className="h-[52px]">
      <Td className="whitespace-nowrap">
        <div className="flex items-center gap-2">
          <Link href={`/offers/${offer.id}`} className="link font-medium">
            {offer.name}
          </Link>
          <LiveBadge live={offer.live} />
        </div>
        <div className={second}>{offer.providerName}</div>
      </Td>
      <Td className="whitespace-nowrap">
        {offer.models.map((model) => (
          <div key={model.model}>
            {model.model}
            <div className={second}>
              {model.quantisation}, {formatCount(model.contextTokensMax)} context
            </div>
          </div>
        ))}
        {offer.models.length === 0 && <span className="text-ink-3">not announced yet</span>}
      </Td>
      <Td>
        <span title={offer.hardware}>{shortHardware(offer.hardware)}</span>
        {offer.simulated && (
          <div>
            <SimulatedBadge />
          </div>
        )}
      </Td>
      <Td className="whitespace-nowrap">
        {offer.region}
        <div className={second}>{offer.country}</div>
      </Td>
      <Td numeric>
        <Money microUsd={prices.inMicroUsdPerMtok} decimalsMin={3} />
        <div>
          <Money microUsd={prices.outMicroUsdPerMtok} decimalsMin={3} />
        </div>
      </Td>
      <Td numeric>
        {formatMs(measured?.ttftP50Ms)}
        <div className={second}>{formatMs(measured?.ttftP95Ms)}</div>
      </Td>
      <Td numeric>{formatTokensPerSecond(measured?.tokensPerSecond)}</Td>
      <Td numeric>
        {formatMs(measured?.rttMs)}
        {measured && measured.simulatedRttMs !== null && (
          <div>
            <SimulatedNetworkBadge />
          </div>
        )}
      </Td>
      <Td numeric>
        {measured ? formatCount(Math.max(0, measured.concurrencyMax - measured.activeStreams)) : '—'}
        {measured && <div className={second}>of {formatCount(measured.concurrencyMax)}</div>}
      </Td>
    </Tr>
  )
}
