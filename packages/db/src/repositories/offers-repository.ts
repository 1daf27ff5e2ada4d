/**
 * The marketplace as it is searched: one narrow row for each active node, filtered, sorted and paged in Postgres.
 *
 * Ten thousand such rows are read and sorted in milliseconds, so no index serves a filter: columns that a filter reads come
 * first in a row, and what is cheap to compare comes first in a filter. Pages are keyset pages: the key is (offline, value,
 * id), ascending, where the value is negated for a descending sort and what was not measured comes last.
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
  // Not extract(): it makes a decimal number, which is slow to make a float of.
  newest: `date_part('epoch', "listedAt")`,
  rtt: '"rttUs"',
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
  /** The name of the witness that round trips are those of. */
  from: string | null
  rttSince: Date
  rttMsMax: number | null
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
  /** From the witness that was asked for; null where it has none. */
  rttUs: number | null
  rttSimulated: boolean | null
  rttMeasuredAt: Date | null
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
          select id, live, (not live)::int as "sortOffline",
            coalesce(${sign}::float8 * ${column}::float8, ${LAST}::float8) as "sortValue"
          from ${offersFor(search, page.sort)} where ${conditions(search)}
        ), counted as (
          select count(*)::int as total, (count(*) filter (where live))::int as "liveTotal" from found
        ), page as (
          select id, "sortOffline", "sortValue" from found
          ${
            after
              ? Prisma.sql`where ("sortOffline", "sortValue", id) > (${after.offline}::int, ${after.value}::float8, ${after.id})`
              : Prisma.empty
          }
          order by "sortOffline", "sortValue", id limit ${page.limit}
        )
        select offer.*, page."sortOffline", page."sortValue", counted.total, counted."liveTotal",
          rtt."rttUs", rtt.simulated as "rttSimulated", rtt."measuredAt" as "rttMeasuredAt"
        from page join offer using (id) cross join counted
        left join witness_rtt rtt on rtt.witness = ${witnessNamed(search.from)} and rtt."nodeId" = offer."nodeId"
          and rtt."measuredAt" >= ${search.rttSince}
        order by page."sortOffline", page."sortValue", id`
    },

    async count(search: OfferSearch): Promise<{ offers: number; live: number }> {
      const [row] = await db.$queryRaw<{ offers: number; live: number }[]>`
        select count(*)::int as offers, (count(*) filter (where live))::int as live
        from ${offersFor(search)} where ${conditions(search)}`
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
        from ${offersFor(search)} where ${conditions(search)}
        group by region, country order by offers desc, region, country limit ${limit}`
    },

    /** The values that occur, for filters: each with its number of offers, the most frequent first. */
    async facets(limit: number) {
      const most = Prisma.sql`group by value order by offers desc, value limit ${limit}`
      // One look at the rows: few differ in all four.
      return db.$queryRaw<{ facet: 'model' | 'region' | 'country' | 'gpuClass'; value: string; offers: number }[]>`
        with kinds as materialized (
          select models, region, country, "gpuClass", count(*)::int as alike from offer group by 1, 2, 3, 4
        )
        (select 'model' as facet, value, sum(alike)::int as offers from kinds, unnest(models) as value ${most})
        union all
        (select 'region', region as value, sum(alike)::int as offers from kinds ${most})
        union all
        (select 'country', country as value, sum(alike)::int as offers from kinds ${most})
        union all
        (select 'gpuClass', "gpuClass" as value, sum(alike)::int as offers from kinds ${most})`
    },

    async witnesses(since: Date, limit: number) {
      return db.$queryRaw<{ name: string; url: string; simulated: boolean; nodes: number }[]>`
        select distinct on (name) name, url, simulated, measured.nodes
        from witness join (
          select rtt.witness, count(*)::int as nodes
          from witness_rtt rtt join offer using ("nodeId") where rtt."measuredAt" >= ${since} group by rtt.witness
        ) measured on measured.witness = witness.address
        order by name, "seenAt" desc, address limit ${limit}`
    },

    async offer(id: string): Promise<Offer | null> {
      return db.offer.findUnique({ where: { id } })
    },
  }
}

/** Offers, with `rttUs` of the witness that is asked for where rows are sorted or bounded by it; else nothing is joined. */
function offersFor(search: OfferSearch, sort?: OfferSortColumn): Prisma.Sql {
  if (sort !== 'rtt' && search.rttMsMax === null) return Prisma.sql`offer`
  return Prisma.sql`(
    select offer.*, rtt."rttUs" from offer left join witness_rtt rtt on rtt.witness = ${witnessNamed(search.from)}
      and rtt."nodeId" = offer."nodeId" and rtt."measuredAt" >= ${search.rttSince}) measured`
}

/** Of two with one name, which their operators should not have, the one that was heard of last. */
function witnessNamed(name: string | null): Prisma.Sql {
  return Prisma.sql`(select address from witness where name = ${name} order by "seenAt" desc, address limit 1)`
}

/** Those that are compared soonest come first: Postgres asks in this order, and reads no text of a row that is out already. */
function conditions(search: OfferSearch): Prisma.Sql {
  const all: Prisma.Sql[] = []
  if (search.liveOnly) all.push(Prisma.sql`live`)
  if (search.realOnly) all.push(Prisma.sql`not simulated`)
  if (search.trusts !== null) all.push(Prisma.sql`trust = any(${[...search.trusts]}::"TrustLevel"[])`)
  if (search.dataPolicies !== null)
    all.push(Prisma.sql`"dataPolicy" = any(${[...search.dataPolicies]}::"DataPolicy"[])`)
  if (search.tier !== null) all.push(Prisma.sql`tier = ${search.tier}::"Tier"`)
  if (search.gpusMin !== null) all.push(Prisma.sql`"gpuCount" >= ${search.gpusMin}`)
  if (search.memoryMibMin !== null) all.push(Prisma.sql`"memoryMib" >= ${search.memoryMibMin}`)
  if (search.outMicroUsdMax !== null) all.push(Prisma.sql`"outMicroUsdPerMtok" <= ${search.outMicroUsdMax}`)
  if (search.leasableOnly) all.push(Prisma.sql`"gpuHourMicroUsd" is not null`)
  if (search.ttftP95MsMax !== null) all.push(Prisma.sql`"ttftP95Ms" <= ${search.ttftP95MsMax}`)
  if (search.rttMsMax !== null) all.push(Prisma.sql`"rttUs" <= ${search.rttMsMax * 1_000}::float8`)
  if (search.region !== null) all.push(Prisma.sql`region = ${search.region}`)
  if (search.countries !== null) all.push(Prisma.sql`country = any(${[...search.countries]}::text[])`)
  if (search.gpuClass !== null) all.push(Prisma.sql`"gpuClass" = ${search.gpuClass}`)
  if (search.providerId !== null) all.push(Prisma.sql`"providerId" = ${search.providerId}`)
  if (search.model !== null) all.push(Prisma.sql`${search.model} = any(models)`)
  // Not LIKE: Postgres guesses that next to nothing is like a pattern, and plans for that.
  for (const word of search.words) all.push(Prisma.sql`position(${word} in words) > 0`)
  return all.length === 0 ? Prisma.sql`true` : Prisma.join(all, ' and ')
}
