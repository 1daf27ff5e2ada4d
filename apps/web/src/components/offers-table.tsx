/** Nodes on offer, a row each: what the node claims, what gateways measured of it, what it costs. */
import type { Offer } from '@isochrone/services'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { formatCount, formatMs, formatTokensPerSecond, shortHardware } from '~/lib/format.ts'
import { LiveBadge, SimulatedBadge, SimulatedNetworkBadge } from './status.tsx'
import { DataTable, type Column } from './ui/data-table.tsx'
import { Money } from './ui/values.tsx'

export const offerSorts = ['price', 'latency', 'throughput'] as const
export type OfferSort = (typeof offerSorts)[number]

export interface OffersTableProps {
  offers: readonly Offer[]
  /** Where a click on a column's head leads; `sorted` is how the rows lie when they are sorted by it. */
  sortLink: (by: OfferSort, sorted: 'ascending' | 'descending') => Column<Offer>['sort']
  empty: ReactNode
}

export function OffersTable({ offers, sortLink, empty }: OffersTableProps) {
  return (
    <DataTable
      label="Offers"
      className="min-w-[900px]"
      rows={offers}
      rowKey={(offer) => offer.id}
      rowClassName="h-[52px]"
      columns={[
        { head: 'Node', className: 'whitespace-nowrap', cell: (offer) => <OfferName offer={offer} /> },
        { head: 'Model', className: 'whitespace-nowrap', cell: (offer) => <OfferModels offer={offer} /> },
        { head: 'Hardware', cell: (offer) => <OfferHardware offer={offer} /> },
        {
          head: 'Region',
          className: 'whitespace-nowrap',
          cell: (offer) => (
            <>
              {offer.region}
              <div className={second}>{offer.country}</div>
            </>
          ),
        },
        {
          head: '$/M tokens in, out',
          numeric: true,
          sort: sortLink('price', 'ascending'),
          cell: ({ prices }) => (
            <>
              <Money microUsd={prices.inMicroUsdPerMtok} decimalsMin={3} />
              <div>
                <Money microUsd={prices.outMicroUsdPerMtok} decimalsMin={3} />
              </div>
            </>
          ),
        },
        {
          head: 'TTFT p50, p95',
          numeric: true,
          sort: sortLink('latency', 'ascending'),
          cell: ({ measured }) => (
            <>
              {formatMs(measured?.ttftP50Ms)}
              <div className={second}>{formatMs(measured?.ttftP95Ms)}</div>
            </>
          ),
        },
        {
          head: 'Tokens/s',
          numeric: true,
          sort: sortLink('throughput', 'descending'),
          cell: ({ measured }) => formatTokensPerSecond(measured?.tokensPerSecond),
        },
        { head: 'Network RTT', numeric: true, cell: (offer) => <OfferRtt offer={offer} /> },
        { head: 'Free slots', numeric: true, cell: (offer) => <OfferSlots offer={offer} /> },
      ]}
      empty={empty}
    />
  )
}

const second = 'text-xs text-ink-3'

function OfferName({ offer }: { offer: Offer }) {
  return (
    <>
      <div className="flex items-center gap-2">
        <Link href={`/offers/${offer.id}`} className="link font-medium">
          {offer.name}
        </Link>
        <LiveBadge live={offer.live} />
      </div>
      <div className={second}>{offer.providerName}</div>
    </>
  )
}

function OfferModels({ offer: { models } }: { offer: Offer }) {
  if (models.length === 0) return <span className="text-ink-3">not announced yet</span>
  return models.map((model) => (
    <div key={model.model}>
      {model.model}
      <div className={second}>
        {model.quantisation}, {formatCount(model.contextTokensMax)} context
      </div>
    </div>
  ))
}

function OfferHardware({ offer: { hardware, simulated } }: { offer: Offer }) {
  return (
    <>
      <span title={hardware}>{shortHardware(hardware)}</span>
      {simulated && (
        <div>
          <SimulatedBadge />
        </div>
      )}
    </>
  )
}

function OfferRtt({ offer: { measured } }: { offer: Offer }) {
  return (
    <>
      {formatMs(measured?.rttMs)}
      {measured && measured.simulatedRttMs !== null && (
        <div>
          <SimulatedNetworkBadge />
        </div>
      )}
    </>
  )
}

function OfferSlots({ offer: { measured } }: { offer: Offer }) {
  if (!measured) return '—'
  return (
    <>
      {formatCount(Math.max(0, measured.concurrencyMax - measured.activeStreams))}
      <div className={second}>of {formatCount(measured.concurrencyMax)}</div>
    </>
  )
}
