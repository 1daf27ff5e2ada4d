/**
 * The public list of offers: narrowed, sorted and paged in Postgres, with what gateways say of the rows in sight read
 * from Redis at that moment. Measured figures are those of receipts alone.
 */
import { AppError } from '@isochrone/domain'
import type { NodeLiveness } from '@isochrone/protocol'
import type { DataPolicy, TrustLevel } from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type {
  OfferPageKey,
  OfferSearchInput,
  OfferSortColumn,
  OfferStore,
  StoredOfferRow,
} from '../ports/offer-store.ts'
import { limitOf } from './cursor.ts'
import { witnessRtts } from './witness-rtts.ts'
import { isLive } from './live-nodes.ts'
import type {
  MeasuredByReceipts,
  OfferFacets,
  OfferListItem,
  OfferPage,
  OfferPlace,
  OfferQuery,
} from './views/offers.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>

/** Which way a column is best: cheap and fast first, much first. */
const bestIsMost: Record<OfferSortColumn, boolean> = {
  price: false,
  price_in: false,
  effective: false,
  gpu_hour: false,
  latency: false,
  latency_p95: false,
  throughput: true,
  gpus: true,
  memory: true,
  free: true,
  newest: true,
}

export async function searchOffers(deps: Deps, query: OfferQuery): Promise<OfferPage> {
  const { offers } = deps.store
  const limit = limitOf(query.limit)
  const search = searchOf(query)
  const sort = query.sort ?? 'price'
  const descending = bestIsMost[sort] !== (query.reversed ?? false)
  const rows = await offers.search(search, { sort, descending, after: decodeKey(query.cursor), limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const nodeIds = shown.map((row) => row.nodeId)
  const [live, reports] = await Promise.all([deps.live.nodesById(nodeIds), offers.witnessReports(nodeIds)])
  const reportsOf = new Map(reports.map((row) => [row.nodeId, row.reports]))
  const nowMs = deps.clock.nowMs()
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => itemOf(row, live.get(row.nodeId), reportsOf.get(row.nodeId), nowMs)),
    nextCursor: last ? encodeKey({ offline: last.sortOffline, value: last.sortValue, id: last.id }) : null,
    ...(await totalsOf(offers, search, rows[0])),
  }
}

/** They come with the rows of a page; a page without rows may still be one of many. */
async function totalsOf(
  offers: OfferStore,
  search: OfferSearchInput,
  row: { total: number; liveTotal: number } | undefined,
): Promise<{ total: number; live: number }> {
  if (row) return { total: row.total, live: row.liveTotal }
  const counted = await offers.count(search)
  return { total: counted.offers, live: counted.live }
}

/** More than a map can show apart. */
const PLACES_MAX = 500

export async function offerPlaces({ store }: Pick<Deps, 'store'>, query: OfferQuery): Promise<OfferPlace[]> {
  return store.offers.places(searchOf(query), PLACES_MAX)
}

const FACETS_MAX = 200
const FACETS_KEPT_MS = 5_000
const facetsKept = new WeakMap<OfferStore, { atMs: number; facets: Promise<OfferFacets> }>()

/** The values that filters offer. They change slowly and every page asks: kept for seconds. */
export function offerFacets({ store, clock }: Pick<Deps, 'store' | 'clock'>): Promise<OfferFacets> {
  const kept = facetsKept.get(store.offers)
  const nowMs = clock.nowMs()
  if (kept && nowMs - kept.atMs < FACETS_KEPT_MS) return kept.facets
  const facets = readFacets(store.offers)
  facetsKept.set(store.offers, { atMs: nowMs, facets })
  // What failed is not kept: the next one asks again.
  facets.catch(() => facetsKept.delete(store.offers))
  return facets
}

async function readFacets(offers: OfferStore): Promise<OfferFacets> {
  const rows = await offers.facets(FACETS_MAX)
  const of = (facet: (typeof rows)[number]['facet']) =>
    rows.filter((row) => row.facet === facet).map(({ value, offers: count }) => ({ value, offers: count }))
  return { models: of('model'), regions: of('region'), countries: of('country'), gpuClasses: of('gpuClass') }
}

function itemOf(
  row: StoredOfferRow,
  liveness: NodeLiveness | undefined,
  reports: unknown,
  nowMs: number,
): OfferListItem {
  const live = isLive(liveness, nowMs)
  return {
    // Each by its name: what else the row holds is for searching and paging.
    id: row.id,
    nodeId: row.nodeId,
    name: row.name,
    providerId: row.providerId,
    providerName: row.providerName,
    region: row.region,
    country: row.country,
    tier: row.tier,
    dataPolicy: row.dataPolicy,
    trust: row.trust,
    gpuClass: row.gpuClass,
    hardware: row.hardware,
    gpuCount: row.gpuCount,
    memoryMib: row.memoryMib,
    simulated: row.simulated,
    models: row.models,
    inMicroUsdPerMtok: row.inMicroUsdPerMtok,
    outMicroUsdPerMtok: row.outMicroUsdPerMtok,
    gpuHourMicroUsd: row.gpuHourMicroUsd,
    ...measuredOf(row),
    listedAtMs: row.listedAt.getTime(),
    live,
    freeSlots: live && liveness ? Math.max(0, liveness.concurrencyMax - liveness.activeStreams) : null,
    slots: liveness?.concurrencyMax ?? null,
    rttMs: live ? (liveness?.rttMs ?? null) : null,
    simulatedRttMs: liveness?.simulatedRttMs ?? null,
    witnesses: witnessRtts(reports),
  }
}

export function measuredOf(row: StoredOfferRow): MeasuredByReceipts {
  const { ttftP50Ms, ttftP95Ms, tokensPerSecond, effectiveMicroUsdPerMtok, samples, measuredAt } = row
  return {
    ttftP50Ms,
    ttftP95Ms,
    tokensPerSecond,
    effectiveMicroUsdPerMtok,
    samples,
    measuredAtMs: measuredAt?.getTime() ?? null,
  }
}

const trustOrder: readonly TrustLevel[] = ['claimed', 'challenged', 'attested']
const policyOrder: readonly DataPolicy[] = ['any', 'no_training', 'no_retention']
const atLeast = <T>(order: readonly T[], least: T | undefined): readonly T[] | null =>
  least === undefined || least === order[0] ? null : order.slice(order.indexOf(least))

/** Member states of the European Union, ISO 3166-1 alpha-2 (as of 2020-02-01). */
const euCountries = 'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE'.split(' ')
const WORDS_MAX = 8

function searchOf(query: OfferQuery): OfferSearchInput {
  const { residency } = query
  return {
    words: (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, WORDS_MAX),
    model: query.model ?? null,
    region: query.region ?? null,
    countries: residency === undefined ? null : residency === 'EU' ? euCountries : [residency],
    gpuClass: query.gpuClass ?? null,
    gpusMin: query.gpusMin ?? null,
    memoryMibMin: query.memoryGibMin === undefined ? null : query.memoryGibMin * 1_024,
    trusts: atLeast(trustOrder, query.trust),
    dataPolicies: atLeast(policyOrder, query.dataPolicy),
    tier: query.tier ?? null,
    providerId: query.providerId ?? null,
    liveOnly: query.liveOnly ?? false,
    leasableOnly: query.leasableOnly ?? false,
    realOnly: query.realOnly ?? false,
    outMicroUsdMax: query.outMicroUsdMax ?? null,
    ttftP95MsMax: query.ttftP95MsMax ?? null,
  }
}

function encodeKey({ offline, value, id }: OfferPageKey): string {
  return Buffer.from(JSON.stringify([offline, value, id])).toString('base64url')
}

function decodeKey(cursor: string | undefined): OfferPageKey | null {
  if (cursor === undefined) return null
  const [offline, value, id] = parseKey(cursor)
  if ((offline === 0 || offline === 1) && typeof value === 'number' && typeof id === 'string' && id.length <= 100) {
    return { offline, value, id }
  }
  throw new AppError('invalid_input', { publicMessage: 'cursor: is not valid.', field: 'cursor' })
}

function parseKey(cursor: string): unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(key) ? key : []
  } catch {
    return []
  }
}
