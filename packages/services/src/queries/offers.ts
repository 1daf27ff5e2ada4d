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
  StoredRtt,
} from '../ports/offer-store.ts'
import { checkTtlMs } from '../verification/checks/check-result.ts'
import { limitOf } from './cursor.ts'
import { gpusForLeaseByTerms } from './gpus-for-lease.ts'
import { isLive } from './live-nodes.ts'
import type {
  GpusForLease,
  MeasuredByReceipts,
  OfferFacets,
  OfferListItem,
  OfferPage,
  OfferPlace,
  OfferQuery,
  WitnessRtt,
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
  rtt: false,
}

export async function searchOffers(deps: Deps, query: OfferQuery): Promise<OfferPage> {
  const { offers } = deps.store
  const limit = limitOf(query.limit)
  const nowMs = deps.clock.nowMs()
  const search = searchOf(query, nowMs)
  const sort = query.sort ?? 'price'
  if (sort === 'rtt' && search.from === null) throw fromMissing('sort')
  const descending = bestIsMost[sort] !== (query.reversed ?? false)
  const rows = await offers.search(search, { sort, descending, after: decodeKey(query.cursor), limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const nodeIds = shown.map((row) => row.nodeId)
  const priced = shown.filter(({ gpuHourMicroUsd }) => gpuHourMicroUsd !== null)
  const [live, forLease] = await Promise.all([deps.live.nodesById(nodeIds), gpusForLeaseByTerms(deps.store, priced)])
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) =>
      itemOf(row, { liveness: live.get(row.nodeId), from: search.from, rental: forLease.get(row.nodeId) }, nowMs),
    ),
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

export async function offerPlaces(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  query: OfferQuery,
): Promise<OfferPlace[]> {
  return store.offers.places(searchOf(query, clock.nowMs()), PLACES_MAX)
}

const FACETS_MAX = 200
/** As many as a browser measures its distance to in a few seconds. */
const WITNESSES_MAX = 32
const FACETS_KEPT_MS = 5_000
/** Who comes later than that after the last one waits for new ones. */
const FACETS_SHOWN_MS_MAX = 60_000

interface KeptFacets {
  atMs: number
  facets: Promise<OfferFacets>
  /** Newer ones are being read. */
  renewing: boolean
}
const facetsKept = new WeakMap<OfferStore, KeptFacets>()

/** The values that filters offer. They change slowly and every page asks: kept for seconds, and shown while newer ones are read. */
export function offerFacets({ store, clock }: Pick<Deps, 'store' | 'clock'>): Promise<OfferFacets> {
  const { offers } = store
  const kept = facetsKept.get(offers)
  const nowMs = clock.nowMs()
  const ageMs = kept ? nowMs - kept.atMs : Number.POSITIVE_INFINITY
  if (kept && (ageMs < FACETS_KEPT_MS || (kept.renewing && ageMs < FACETS_SHOWN_MS_MAX))) return kept.facets
  const facets = readFacets(offers, rttSince(nowMs))
  if (!kept || ageMs >= FACETS_SHOWN_MS_MAX) {
    facetsKept.set(offers, { atMs: nowMs, facets, renewing: false })
    // What failed is not kept: the next one asks again.
    facets.catch(() => facetsKept.delete(offers))
    return facets
  }
  kept.renewing = true
  facets.then(
    () => facetsKept.set(offers, { atMs: nowMs, facets, renewing: false }),
    () => (kept.renewing = false),
  )
  return kept.facets
}

async function readFacets(offers: OfferStore, since: Date): Promise<OfferFacets> {
  const [rows, witnesses] = await Promise.all([offers.facets(FACETS_MAX), offers.witnesses(since, WITNESSES_MAX)])
  const of = (facet: (typeof rows)[number]['facet']) =>
    rows.filter((row) => row.facet === facet).map(({ value, offers: count }) => ({ value, offers: count }))
  return { models: of('model'), regions: of('region'), countries: of('country'), gpuClasses: of('gpuClass'), witnesses }
}

/** What is read beside the row: by gateways and what leases have; and the witness that was asked for. */
interface ReadNow {
  liveness: NodeLiveness | undefined
  from: string | null
  rental: GpusForLease | undefined
}

function itemOf(row: StoredOfferRow & StoredRtt, { liveness, from, rental }: ReadNow, nowMs: number): OfferListItem {
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
    forLease: live && rental ? { gpus: rental.gpus, free: rental.free } : null,
    freeSlots: live && liveness ? Math.max(0, liveness.concurrencyMax - liveness.activeStreams) : null,
    slots: liveness?.concurrencyMax ?? null,
    rttMs: live ? (liveness?.rttMs ?? null) : null,
    simulatedRttMs: liveness?.simulatedRttMs ?? null,
    witnessRtt: from === null ? null : rttOf(row, from),
  }
}

function rttOf({ rttUs, rttSimulated, rttMeasuredAt }: StoredRtt, witness: string): WitnessRtt | null {
  if (rttUs === null || rttMeasuredAt === null) return null
  return { witness, rttMs: rttUs / 1_000, simulated: rttSimulated === true, measuredAtMs: rttMeasuredAt.getTime() }
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

/** A round trip is good for as long as the verdict that it stands under. */
const rttSince = (nowMs: number) => new Date(nowMs - checkTtlMs.region)

function fromMissing(field: string): AppError {
  const publicMessage = `${field}: round trips are measured from a witness; name it as “from”.`
  return new AppError('invalid_input', { publicMessage, field })
}

/** @throws AppError `invalid_input` for a bound of round trips that names no witness. */
function searchOf(query: OfferQuery, nowMs: number): OfferSearchInput {
  const { residency } = query
  if (query.rttMsMax !== undefined && query.from === undefined) throw fromMissing('rttMsMax')
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
    from: query.from ?? null,
    rttSince: rttSince(nowMs),
    rttMsMax: query.rttMsMax ?? null,
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
