/** Offers on the map of the world, with the same as a list under it: also of places that the map cannot draw. */
import type { OfferPlace } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { WorldMap, type MapPlace } from '~/components/ui/world-map.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { placeOf } from '~/lib/market/places.ts'
import { countryName } from '~/lib/market/routing-market.ts'
import { hrefWith } from '~/lib/page/search.ts'

export interface OffersMapProps {
  places: readonly OfferPlace[]
  search: Record<string, string | undefined>
}

export function OffersMap({ places, search }: OffersMapProps) {
  const hrefOf = ({ region, country }: OfferPlace) =>
    hrefWith('/', search, { region, residency: country, view: undefined, cursor: undefined })
  return (
    <div className="grid gap-4">
      <WorldMap label="Offers by place" places={places.flatMap((place) => dotOf(place, hrefOf(place)))} />
      <p className="text-xs text-ink-3">
        A dot stands at the main data-centre city of the region that the node claims. How far it truly is, its network
        passport says.
      </p>
      <DataTable
        label="Offers by place, list"
        rows={places}
        rowKey={({ region, country }) => `${region} ${country}`}
        columns={[
          {
            head: 'Region',
            cell: (place) => (
              <Link href={hrefOf(place)} className="link whitespace-nowrap">
                {place.region}
              </Link>
            ),
          },
          { head: 'Country', cell: ({ country }) => `${countryName(country)} (${country})` },
          { head: 'Offers', numeric: true, cell: ({ offers }) => formatCount(offers) },
          { head: 'Live', numeric: true, cell: ({ live }) => formatCount(live) },
          {
            head: '$/M out, from',
            numeric: true,
            cell: ({ outMicroUsdMin }) => <Money microUsd={outMicroUsdMin} decimalsMin={3} />,
          },
          { head: 'Best TTFT p50', numeric: true, cell: ({ ttftP50Ms }) => formatMs(ttftP50Ms) },
        ]}
      />
    </div>
  )
}

function dotOf(place: OfferPlace, href: string): MapPlace[] {
  const at = placeOf(place.country, place.region)
  if (!at) return []
  const { region, country, offers, live } = place
  return [
    {
      ...at,
      key: `${region} ${country}`,
      count: offers,
      tone: live > 0 ? 'good' : 'neutral',
      label: `${region}, ${countryName(country)}: ${formatCount(offers)} ${offers === 1 ? 'offer' : 'offers'}, ${formatCount(live)} live`,
      href,
    },
  ]
}
