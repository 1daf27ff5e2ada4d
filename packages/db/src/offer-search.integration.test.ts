/**
 * The search of offers, held against one written out plainly: every filter and sort, in both directions, finds the same offers
 * in the same order, and pages taken one by one are the whole list.
 */
import { prng } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDb, type Db } from './create-db.ts'
import type { Offer } from './generated/client.ts'
import {
  offersRepository,
  offerSortColumns,
  type OfferKey,
  type OfferSearch,
  type OfferSearchRow,
  type OfferSortColumn,
} from './repositories/offers-repository.ts'

const OFFERS = 120
const NOW = new Date('2026-11-01T12:00:00.123Z')
const STALE_BEFORE = new Date(NOW.getTime() - 86_400_000)
const WHOLE = 1_000

let stack: TestStack
let db: Db
let offers: ReturnType<typeof offersRepository>
let stored: (Offer & { rttUs: number | null })[]
const sorts = Object.keys(offerSortColumns) as OfferSortColumn[]
const random = prng(34)
const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T

const anything: OfferSearch = {
  words: [],
  model: null,
  region: null,
  countries: null,
  gpuClass: null,
  gpusMin: null,
  memoryMibMin: null,
  trusts: null,
  dataPolicies: null,
  tier: null,
  providerId: null,
  liveOnly: false,
  leasableOnly: false,
  realOnly: false,
  outMicroUsdMax: null,
  ttftP95MsMax: null,
  from: 'Oslo',
  rttSince: STALE_BEFORE,
  rttMsMax: null,
}

/** One filter of each kind; what would be a wildcard in a pattern is only text here. */
const filters: Partial<OfferSearch>[] = [
  { words: ['h200'] },
  { words: ['h200', 'eu'] },
  { words: ['50%'] },
  { words: ['h_0'] },
  { words: [String.raw`a\b`] },
  { words: [String.raw`%\%`] },
  { words: ["'; drop table offer; --"] },
  { model: 'qwen3-32b' },
  { model: 'qwen' },
  { region: 'eu-west' },
  { countries: ['NL', 'SE'] },
  { gpuClass: 'H200' },
  { gpusMin: 4 },
  { memoryMibMin: 400_000 },
  { trusts: ['challenged', 'attested'] },
  { dataPolicies: ['no_retention'] },
  { tier: 'edge' },
  { providerId: '0xp1' },
  { liveOnly: true },
  { leasableOnly: true },
  { realOnly: true },
  { outMicroUsdMax: 300_000n },
  { ttftP95MsMax: 800 },
  { rttMsMax: 20 },
]

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  offers = offersRepository(db)
  const rows = Array.from({ length: OFFERS }, (_, n) => offerOf(n))
  await db.offer.createMany({ data: rows })
  await db.$executeRaw`insert into witness (address, name, url, simulated, "seenAt") values ('0xw', 'Oslo', 'http://oslo', false, ${NOW})`
  stored = await Promise.all(rows.map(async (row, n) => ({ ...row, rttUs: await measureRtt(row, n) })))
}, 300_000)
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})

/** Null where there is none, and where it is too old to be known. */
async function measureRtt({ nodeId }: Offer, n: number): Promise<number | null> {
  if (n % 5 === 0) return null
  const isStale = n % 7 === 0
  const measuredAt = new Date(STALE_BEFORE.getTime() + (isStale ? -1 : 0))
  const rttUs = pick([1_500, 19_999, 20_000, 20_001, 90_000])
  await db.witnessRtt.create({ data: { witness: '0xw', nodeId, rttUs, simulated: false, measuredAt } })
  return isStale ? null : rttUs
}

function offerOf(n: number): Offer {
  const measured = pick([true, true, false])
  const live = pick([true, true, false])
  const gpuClass = pick(['H200', 'CPU'])
  const region = pick(['eu-west', 'us-east'])
  return {
    nodeId: `0x${n.toString(16).padStart(64, '0')}`,
    // Not in the order in which they were written.
    id: `node_${((n * 37) % OFFERS).toString().padStart(4, '0')}`,
    name: `n-${n}`,
    providerId: pick(['0xp1', '0xp2']),
    providerName: 'A provider',
    region,
    country: pick(['NL', 'SE', 'US']),
    tier: pick(['edge', 'regional', 'cloud'] as const),
    dataPolicy: pick(['any', 'no_training', 'no_retention'] as const),
    trust: pick(['claimed', 'challenged', 'attested'] as const),
    gpuClass,
    hardware: 'a machine',
    gpuCount: pick([0, 1, 4, 8]),
    memoryMib: pick([0, 143_771, 500_000]),
    simulated: pick([true, false]),
    models: pick([[], ['qwen3-32b'], ['gpt-oss-120b', 'qwen3-32b']]),
    words:
      `n-${n} ${gpuClass} ${region} ${pick(['50%', '500', 'h_0', 'hx0', String.raw`a\b`, 'ab', String.raw`%\%`])}`.toLowerCase(),
    inMicroUsdPerMtok: pick([10_000n, 20_000n]),
    outMicroUsdPerMtok: pick([300_000n, 300_001n, 90_000n]),
    gpuHourMicroUsd: pick([null, 1_500_000n, 2_000_000n]),
    termsHash: `0xt${n}`,
    listedAt: new Date(NOW.getTime() - 1_000 * pick([1, 2, 3])),
    live,
    freeSlots: live ? pick([0, 3, 64]) : null,
    slots: 64,
    ttftP50Ms: measured ? pick([120, 340.5]) : null,
    ttftP95Ms: measured ? pick([800, 800.5, 2_000]) : null,
    tokensPerSecond: measured ? pick([20, 55.25]) : null,
    effectiveMicroUsdPerMtok: measured ? pick([1_000n, 2_000n]) : null,
    samples: measured ? 10 : 0,
    measuredAt: measured ? NOW : null,
  }
}

type Stored = (typeof stored)[number]

function matches(row: Stored, search: OfferSearch): boolean {
  const within = (value: number | bigint | null, max: number | bigint | null) =>
    max === null || (value !== null && value <= max)
  const among = <T>(value: T, values: readonly T[] | null) => values === null || values.includes(value)
  const same = <T>(value: T, asked: T | null) => asked === null || value === asked
  return (
    search.words.every((word) => row.words.includes(word)) &&
    (search.model === null || row.models.includes(search.model)) &&
    same(row.region, search.region) &&
    same(row.gpuClass, search.gpuClass) &&
    same(row.tier, search.tier) &&
    same(row.providerId, search.providerId) &&
    among(row.country, search.countries) &&
    among(row.trust, search.trusts) &&
    among(row.dataPolicy, search.dataPolicies) &&
    row.gpuCount >= (search.gpusMin ?? 0) &&
    row.memoryMib >= (search.memoryMibMin ?? 0) &&
    (!search.liveOnly || row.live) &&
    (!search.leasableOnly || row.gpuHourMicroUsd !== null) &&
    (!search.realOnly || !row.simulated) &&
    within(row.outMicroUsdPerMtok, search.outMicroUsdMax) &&
    within(row.ttftP95Ms, search.ttftP95MsMax) &&
    within(row.rttUs, search.rttMsMax === null ? null : search.rttMsMax * 1_000)
  )
}

const sortedBy: Record<OfferSortColumn, (row: Stored) => number | bigint | null> = {
  price: (row) => row.outMicroUsdPerMtok,
  price_in: (row) => row.inMicroUsdPerMtok,
  effective: (row) => row.effectiveMicroUsdPerMtok,
  gpu_hour: (row) => row.gpuHourMicroUsd,
  latency: (row) => row.ttftP50Ms,
  latency_p95: (row) => row.ttftP95Ms,
  throughput: (row) => row.tokensPerSecond,
  gpus: (row) => row.gpuCount,
  memory: (row) => row.memoryMib,
  free: (row) => row.freeSlots,
  newest: (row) => row.listedAt.getTime(),
  rtt: (row) => row.rttUs,
}

/** Live ones first, then by the column, what was not measured last, then by id. */
function expected(search: OfferSearch, sort: OfferSortColumn, descending: boolean): Stored[] {
  const keyOf = (row: Stored) => {
    const value = sortedBy[sort](row)
    return value === null ? Number.POSITIVE_INFINITY : Number(value) * (descending ? -1 : 1)
  }
  const byValue = (one: Stored, other: Stored) => {
    const [a, b] = [keyOf(one), keyOf(other)]
    return a === b ? 0 : a < b ? -1 : 1
  }
  return stored
    .filter((row) => matches(row, search))
    .toSorted(
      (one, other) => Number(other.live) - Number(one.live) || byValue(one, other) || (one.id < other.id ? -1 : 1),
    )
}

const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

test.each(filters)('a search by %o finds what matches, in order, and counts it', async (filter) => {
  const search = { ...anything, ...filter }
  for (const [sort, descending] of [
    ['price', false],
    ['latency', true],
    ['rtt', false],
  ] as const) {
    const found = await offers.search(search, { sort, descending, after: null, limit: WHOLE })
    const wanted = expected(search, sort, descending)
    expect(ids(found)).toEqual(ids(wanted))
    expect(found.map(({ rttUs }) => rttUs)).toEqual(wanted.map(({ rttUs }) => rttUs))
    const live = wanted.filter((row) => row.live).length
    if (found[0]) expect(found[0]).toMatchObject({ total: wanted.length, liveTotal: live })
    expect(await offers.count(search)).toEqual({ offers: wanted.length, live })
  }
})

/** A filter that finds nothing or everything would hold nothing against the search. */
test('each filter but those without a match leaves some out and some in', () => {
  const found = filters.map((filter) => expected({ ...anything, ...filter }, 'price', false).length)
  expect(found.filter((count) => count === OFFERS)).toEqual([])
  expect(filters.filter((_, index) => found[index] === 0)).toEqual([
    { words: ["'; drop table offer; --"] },
    { model: 'qwen' },
  ])
})

test.each(sorts)('pages of a list by %s are the whole list, in either direction', async (sort) => {
  for (const descending of [false, true]) {
    for (const filter of [{}, { trusts: ['attested' as const], realOnly: true }]) {
      const search = { ...anything, ...filter }
      const walked: OfferSearchRow[] = []
      let after: OfferKey | null = null
      for (let page = 0; page < OFFERS; page++) {
        const rows: OfferSearchRow[] = await offers.search(search, { sort, descending, after, limit: 17 })
        walked.push(...rows)
        const last = rows.at(-1)
        if (rows.length < 17 || !last) break
        after = { offline: last.sortOffline, value: last.sortValue, id: last.id }
      }
      expect(ids(walked)).toEqual(ids(expected(search, sort, descending)))
    }
  }
})

test('the values to filter by are counted over all offers, the most frequent first', async () => {
  const rows = await offers.facets(WHOLE)
  for (const [facet, valuesOf] of [
    ['model', ({ models }: Stored) => models],
    ['region', ({ region }: Stored) => [region]],
    ['country', ({ country }: Stored) => [country]],
    ['gpuClass', ({ gpuClass }: Stored) => [gpuClass]],
  ] as const) {
    const counts = new Map<string, number>()
    for (const value of stored.flatMap(valuesOf)) counts.set(value, (counts.get(value) ?? 0) + 1)
    const wanted = [...counts].toSorted(([one, n], [other, m]) => m - n || (one < other ? -1 : 1))
    expect(rows.filter((row) => row.facet === facet).map(({ value, offers: n }) => [value, n])).toEqual(wanted)
  }
  expect((await offers.facets(1)).map(({ facet }) => facet)).toEqual(['model', 'region', 'country', 'gpuClass'])
})
