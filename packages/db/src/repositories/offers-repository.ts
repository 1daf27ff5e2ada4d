/**
 * The marketplace as it is searched: one narrow row for each active node, filtered, sorted and paged in Postgres.
 *
 * Ten thousand such rows are read and sorted in milliseconds, so no index serves a filter. Pages are keyset pages: the
 * key is (offline, value, id), ascending, where the value is negated for a descending sort and what was not measured
 * comes last.
 */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type DataPolicy, type Offer, type Tier, type TrustLevel } from '../generated/client.ts'

export const offerSortColumns = {
  price: '"outMicroUsdPerMtok"',
  price_in: '"inMicroUsdPerMtok"',
  effective: '"effectiveMicroUsdPerMtok"',
  gpu_hour: '"gpuHourMicroUsd"',
  latency: '"ttftP50Ms"',
  latency_p95: '"ttftP95Ms"',
  throughput: '"tokensPerSecond"',
  gpus: '"gpuCount"',
  memory: '"memoryMib"',
  free: '"freeSlots"',
  newest: 'extract(epoch from "listedAt")',
} as const
export type OfferSortColumn = keyof typeof offerSortColumns

export interface OfferSearch {
  /** Each must occur in name, provider, hardware, place or models; lower case. */
  words: readonly string[]
  model: string | null
  region: string | null
  /** Any of these ISO 3166-1 alpha-2 codes. */
  countries: readonly string[] | null
  gpuClass: string | null
  gpusMin: number | null
  memoryMibMin: number | null
  trusts: readonly TrustLevel[] | null
  dataPolicies: readonly DataPolicy[] | null
  tier: Tier | null
  providerId: string | null
  liveOnly: boolean
  leasableOnly: boolean
  realOnly: boolean
  outMicroUsdMax: bigint | null
  ttftP95MsMax: number | null
}

export interface OfferKey {
  offline: number
  value: number
  id: string
}

/** `total` and `liveTotal`: of all pages. */
export type OfferSearchRow = Offer & {
  sortOffline: number
  sortValue: number
  total: number
  liveTotal: number
}

/** What is not measured sorts as this: behind everything, in both directions. */
const LAST = 1e300

export function offersRepository(db: DbOrTx) {
  return {
    /** @param sort ascending, or descending where `descending` */
    async search(
      search: OfferSearch,
      page: { sort: OfferSortColumn; descending: boolean; after: OfferKey | null; limit: number },
    ): Promise<OfferSearchRow[]> {
      const column = Prisma.raw(offerSortColumns[page.sort])
      const sign = page.descending ? -1 : 1
      const { after } = page
      // One look at the rows: narrow keys are sorted and counted, and only those of the page are read whole.
      return db.$queryRaw<OfferSearchRow[]>`
        with found as materialized (
          select "nodeId", id, live, (not live)::int as "sortOffline",
            coalesce(${sign}::float8 * ${column}::float8, ${LAST}::float8) as "sortValue"
          from offer where ${conditions(search)}
        ), counted as (
          select count(*)::int as total, (count(*) filter (where live))::int as "liveTotal" from found
        ), page as (
          select "nodeId", "sortOffline", "sortValue" from found
          ${
            after
              ? Prisma.sql`where ("sortOffline", "sortValue", id) > (${after.offline}::int, ${after.value}::float8, ${after.id})`
              : Prisma.empty
          }
          order by "sortOffline", "sortValue", id limit ${page.limit}
        )
        select offer.*, page."sortOffline", page."sortValue", counted.total, counted."liveTotal"
        from page join offer using ("nodeId") cross join counted
        order by page."sortOffline", page."sortValue", offer.id`
    },

    async count(search: OfferSearch): Promise<{ offers: number; live: number }> {
      const [row] = await db.$queryRaw<{ offers: number; live: number }[]>`
        select count(*)::int as offers, (count(*) filter (where live))::int as live
        from offer where ${conditions(search)}`
      return row ?? { offers: 0, live: 0 }
    },

    /** Where offers are, and how many. */
    async places(search: OfferSearch, limit: number) {
      return db.$queryRaw<
        {
          region: string
          country: string
          offers: number
          live: number
          outMicroUsdMin: bigint
          ttftP50Ms: number | null
        }[]
      >`
        select region, country, count(*)::int as offers, (count(*) filter (where live))::int as live,
          min("outMicroUsdPerMtok") as "outMicroUsdMin", min("ttftP50Ms") as "ttftP50Ms"
        from offer where ${conditions(search)}
        group by region, country order by offers desc, region, country limit ${limit}`
    },

    /** The values that occur, for filters: each with its number of offers, the most frequent first. */
    async facets(limit: number) {
      return db.$queryRaw<{ facet: 'model' | 'region' | 'country' | 'gpuClass'; value: string; offers: number }[]>`
        (select 'model' as facet, value, count(*)::int as offers from offer, unnest(models) as value
           group by value order by offers desc, value limit ${limit})
        union all
        (select 'region', region, count(*)::int as offers from offer group by region order by offers desc, region limit ${limit})
        union all
        (select 'country', country, count(*)::int as offers from offer group by country order by offers desc, country limit ${limit})
        union all
        (select 'gpuClass', "gpuClass", count(*)::int as offers from offer
           group by "gpuClass" order by offers desc, "gpuClass" limit ${limit})`
    },

    async offer(id: string): Promise<Offer | null> {
      return db.offer.findUnique({ where: { id } })
    },
  }
}

function conditions(search: OfferSearch): Prisma.Sql {
  const all: Prisma.Sql[] = search.words.map((word) => Prisma.sql`position(${word} in words) > 0`)
  if (search.model !== null) all.push(Prisma.sql`models @> array[${search.model}]`)
  if (search.region !== null) all.push(Prisma.sql`region = ${search.region}`)
  if (search.countries !== null) all.push(Prisma.sql`country = any(${[...search.countries]}::text[])`)
  if (search.gpuClass !== null) all.push(Prisma.sql`"gpuClass" = ${search.gpuClass}`)
  if (search.gpusMin !== null) all.push(Prisma.sql`"gpuCount" >= ${search.gpusMin}`)
  if (search.memoryMibMin !== null) all.push(Prisma.sql`"memoryMib" >= ${search.memoryMibMin}`)
  if (search.trusts !== null) all.push(Prisma.sql`trust::text = any(${[...search.trusts]}::text[])`)
  if (search.dataPolicies !== null) all.push(Prisma.sql`"dataPolicy"::text = any(${[...search.dataPolicies]}::text[])`)
  if (search.tier !== null) all.push(Prisma.sql`tier::text = ${search.tier}`)
  if (search.providerId !== null) all.push(Prisma.sql`"providerId" = ${search.providerId}`)
  if (search.liveOnly) all.push(Prisma.sql`live`)
  if (search.leasableOnly) all.push(Prisma.sql`"gpuHourMicroUsd" is not null`)
  if (search.realOnly) all.push(Prisma.sql`not simulated`)
  if (search.outMicroUsdMax !== null) all.push(Prisma.sql`"outMicroUsdPerMtok" <= ${search.outMicroUsdMax}`)
  if (search.ttftP95MsMax !== null) all.push(Prisma.sql`"ttftP95Ms" <= ${search.ttftP95MsMax}`)
  return all.length === 0 ? Prisma.sql`true` : Prisma.join(all, ' and ')
}
