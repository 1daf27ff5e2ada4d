/** Offers, a row each: what the node claims, what receipts say of it, what it costs. Columns and sort are in the URL. */
import type { OfferListItem, OfferSortBy } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import type { ReactNode } from 'react'
import { LiveBadge, SimulatedBadge } from '~/components/status.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { cn } from '~/lib/cn.ts'
import {
  formatAgo,
  formatCount,
  formatMs,
  formatSeries,
  formatTokensPerSecond,
  formatUtc,
  shortHardware,
} from '~/lib/words/format.ts'
import { trustWords } from '~/lib/words/node-words.ts'
import { offerColumns, type OfferColumn } from '~/lib/market/offer-query.ts'

export interface MarketTableProps {
  offers: readonly OfferListItem[]
  columns: ReadonlySet<OfferColumn>
  /** Where a click on a column's head leads, and how the rows lie now. */
  sortLink: (by: OfferSortBy) => Column<OfferListItem>['sort']
  /** The witness that the visitor measures from; by default round trips are the gateway's. */
  from: string | undefined
  /** When the page was made: the age of a round trip. */
  nowMs: number
  empty: ReactNode
}

const second = 'text-xs text-ink-3'
/** One link stands below the other: each is as high as a finger needs it (WCAG 2.5.8). */
const target = 'inline-block leading-6'
/** A head of two lines over narrow figures: all usual columns fit beside the navigation at 1280 px. */
const wraps = 'whitespace-normal'
const notMeasured = (
  <span className="inline-block w-14 text-xs leading-4 whitespace-normal text-ink-3 max-sm:w-auto">not measured</span>
)

export function MarketTable({ offers, columns, sortLink, from, nowMs, empty }: MarketTableProps) {
  const all = columnsOf({ sortLink, from, nowMs })
  return (
    <DataTable
      label="Offers"
      className={columns.size > 5 ? 'sm:min-w-[980px]' : 'sm:min-w-[640px]'}
      stacks
      rows={offers}
      rowKey={(offer) => offer.id}
      rowClassName="sm:h-14"
      columns={[
        { head: 'Node', className: 'whitespace-nowrap', cell: (offer) => <NodeName offer={offer} /> },
        ...(Object.keys(offerColumns) as OfferColumn[]).map((name) => columns.has(name) && all[name]),
      ]}
      empty={empty}
    />
  )
}

function columnsOf({
  sortLink,
  from,
  nowMs,
}: Pick<MarketTableProps, 'sortLink' | 'from' | 'nowMs'>): Record<OfferColumn, Column<OfferListItem>> {
  return {
    hardware: {
      head: 'Hardware',
      headTitle: 'GPUs × number, their memory in all, and how well that is known.',
      sort: sortLink('gpus'),
      cell: (offer) => <Hardware offer={offer} />,
    },
    region: {
      head: 'Region',
      className: 'whitespace-nowrap',
      cell: ({ region, country }) => (
        <>
          {region}
          <div className={second}>{country}</div>
        </>
      ),
    },
    models: { head: 'Models', cell: (offer) => <Models offer={offer} /> },
    ttft: {
      head: 'TTFT p50, p95',
      headClassName: wraps,
      headTitle: 'Dispatch to first token, of the newest answers of a day, from their receipts.',
      numeric: true,
      sort: sortLink('latency'),
      cell: (offer) =>
        offer.ttftP50Ms === null ? (
          notMeasured
        ) : (
          <>
            {formatMs(offer.ttftP50Ms)}
            <div className={second}>{formatMs(offer.ttftP95Ms)}</div>
          </>
        ),
    },
    throughput: {
      head: 'Tokens/s',
      headTitle: 'Output of one stream, from receipts.',
      numeric: true,
      sort: sortLink('throughput'),
      cell: ({ tokensPerSecond }) => (tokensPerSecond === null ? notMeasured : formatTokensPerSecond(tokensPerSecond)),
    },
    rtt: {
      head: from ? `RTT, ${from}` : 'RTT, gateway',
      headClassName: wraps,
      headTitle: from
        ? `The fastest of the newest round trips between the witness ${from} and the node, signed by both.`
        : 'Between its gateway and the node, now.',
      numeric: true,
      // A gateway's is of this moment and is not stored, so nothing sorts by it.
      sort: from ? sortLink('rtt') : undefined,
      cell: (offer) => (from ? <WitnessRtt offer={offer} nowMs={nowMs} /> : <GatewayRtt offer={offer} />),
    },
    tokens: {
      head: '$/M in, out',
      numeric: true,
      sort: sortLink('price'),
      cell: (offer) => (
        <>
          <Money microUsd={offer.inMicroUsdPerMtok} decimalsMin={3} />
          <div>
            <Money microUsd={offer.outMicroUsdPerMtok} decimalsMin={3} />
          </div>
        </>
      ),
    },
    effective: {
      head: 'Effective $/M',
      headClassName: wraps,
      headTitle:
        'All that was billed, for each million tokens of accepted answers: retries, failures and bytes included.',
      numeric: true,
      sort: sortLink('effective'),
      cell: ({ effectiveMicroUsdPerMtok }) =>
        effectiveMicroUsdPerMtok === null
          ? notMeasured
          : formatSeries('usd_per_mtok', Number(effectiveMicroUsdPerMtok) / 1e6),
    },
    hour: {
      head: '$/GPU-hour',
      headTitle: 'A GPU leased for an hour, and how many of them no lease has now.',
      numeric: true,
      sort: sortLink('gpu_hour'),
      cell: (offer) => <GpuHour offer={offer} />,
    },
    free: {
      head: 'Free slots',
      numeric: true,
      sort: sortLink('free'),
      cell: ({ freeSlots, slots }) =>
        freeSlots === null || slots === null ? (
          <span className="text-ink-3">—</span>
        ) : (
          `${formatCount(freeSlots)} of ${formatCount(slots)}`
        ),
    },
  }
}

function GpuHour({ offer: { gpuHourMicroUsd, forLease, live } }: { offer: OfferListItem }) {
  if (gpuHourMicroUsd === null) return <span className="text-ink-3">no leases</span>
  const free = forLease ? `${formatCount(forLease.free)} of ${formatCount(forLease.gpus)} free` : 'no new leases'
  return (
    <>
      <Money microUsd={gpuHourMicroUsd} decimalsMin={2} />
      {live && <div className={second}>{free}</div>}
    </>
  )
}

function NodeName({ offer }: { offer: OfferListItem }) {
  return (
    <>
      <div className="flex items-center gap-2">
        <Link href={`/offers/${offer.id}`} className={cn('link font-medium', target)}>
          {offer.name}
        </Link>
        <LiveBadge live={offer.live} />
      </div>
      <Link
        href={`/providers/${offer.providerId}`}
        className={cn('text-xs text-ink-3 hover:text-ink hover:underline', target)}
      >
        {offer.providerName}
      </Link>
    </>
  )
}

function Hardware({ offer }: { offer: OfferListItem }) {
  const gib = Math.round(offer.memoryMib / 1_024)
  const memory = gib > 0 ? `${formatCount(gib)} GiB · ` : ''
  return (
    <>
      <div className="flex items-center gap-1.5 whitespace-nowrap">
        {offer.gpuCount > 0 ? `${offer.gpuClass} × ${formatCount(offer.gpuCount)}` : shortHardware(offer.hardware)}
        {offer.simulated && <SimulatedBadge />}
      </div>
      <div className={second} title={trustWords[offer.trust].help}>
        {memory}
        {trustWords[offer.trust].label.toLowerCase()}
      </div>
    </>
  )
}

const MODELS_SHOWN = 2

function Models({ offer: { models } }: { offer: OfferListItem }) {
  if (models.length === 0) return <span className="text-ink-3">not announced yet</span>
  const more = models.length - MODELS_SHOWN
  return (
    <div title={models.join(', ')}>
      {models.slice(0, MODELS_SHOWN).map((model) => (
        <div key={model} className="max-w-40 truncate">
          {model}
        </div>
      ))}
      {more > 0 && <div className={second}>and {more} more</div>}
    </div>
  )
}

function WitnessRtt({ offer: { witnessRtt }, nowMs }: { offer: OfferListItem; nowMs: number }) {
  if (!witnessRtt) return notMeasured
  const { rttMs, simulated, measuredAtMs } = witnessRtt
  return (
    <>
      {formatMs(rttMs)}
      <div className={second} title={formatUtc(measuredAtMs)}>
        {formatAgo(measuredAtMs, nowMs)}
      </div>
      {simulated && (
        <div className={second} title={simulatedTitle}>
          simulated
        </div>
      )}
    </>
  )
}

function GatewayRtt({ offer: { rttMs, simulatedRttMs } }: { offer: OfferListItem }) {
  if (rttMs === null) return notMeasured
  return (
    <>
      {formatMs(rttMs)}
      {simulatedRttMs !== null && simulatedNetwork}
    </>
  )
}

const simulatedTitle = 'The link runs through a seeded delay shim on one machine: this distance is not real.'
const simulatedNetwork = (
  <div className={second} title={simulatedTitle}>
    simulated network
  </div>
)
