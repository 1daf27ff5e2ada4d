/**
 * `npm run bench:web -- --json`: server time of the marketplace's filters and of the usage page, on a database of the
 * size that they must hold (10,000 offers, 1,000,000 requests), on real Postgres and Redis.
 *
 * Times are those of the procedures that the pages call, from the call to the answer, one at a time, after a warm-up;
 * no browser and no rendering. Targets: a filter 50 ms at p95, usage 200 ms at p95.
 */
import { resolve } from 'node:path'
import { prng } from '@isochrone/domain'
import { watchMachine, whole } from '@isochrone/runtime'
import { createOfferUpkeep } from '@isochrone/services'
import { Command } from 'commander'
import type { ApiCaller } from '@isochrone/api'
import { demoPassword, seed } from '../start/seed.ts'
import { startTestControlPlane } from '../start/seed/test-control-plane.ts'
import { endWithoutReader } from '../end-without-reader.ts'
import { fillLiveness, fillMarket, witnesses } from './fill-market.ts'

endWithoutReader()
const flags = new Command('npm run bench:web --')
  .description('Server time of marketplace filters and usage on a large database.')
  .option('--offers <n>', 'offers on the market', whole(100, 100_000), 10_000)
  .option('--requests <n>', 'requests of one team, with their receipts', whole(1_000, 10_000_000), 1_000_000)
  .option('--calls <n>', 'measured calls of each kind', whole(20, 10_000), 300)
  .option('--data-dir <dir>', 'keeps the filled database there; a later run measures on it, without filling')
  .option('--seed <n>', 'of the choice of filters', whole(0, 1_000_000), 1)
  .option('--json', 'one JSON object as the only line on stdout')
  .parse()
  .opts<{ offers: number; requests: number; calls: number; seed: number; dataDir?: string; json?: true }>()

const targetsMs = { filter: 50, usage: 200 } as const
const say = (line: string) => process.stderr.write(`${line}\n`)

const sorts = [
  ...(['price', 'price_in', 'effective', 'gpu_hour', 'latency', 'latency_p95'] as const),
  ...(['throughput', 'gpus', 'memory', 'free', 'newest', 'rtt'] as const),
]

/** What a person can put right: said without a stack trace. */
class BenchError extends Error {}

/** Pages that go on where an earlier call ended. */
const later: Parameters<ApiCaller['marketplace']['search']>[0][] = []

const plane = await startTestControlPlane({ postgresDir: flags.dataDir && resolve(flags.dataDir) })
try {
  const { filledMs, workerMs } = await openMarket()
  const visitor = await plane.as(null)
  const team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  const random = prng(flags.seed)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  const machineNow = watchMachine()
  const filter = await measure(() => filterOnce(visitor, pick))
  const requests = await measure(() => requestsOnce(team, pick))
  const usage = await measure(async () => {
    const span = { days: pick([1, 7, 30]) }
    await team.requests.usage(span)
    return span
  })
  const result = {
    offers: await plane.db.offer.count(),
    requests: await plane.db.request.count(),
    receipts: await plane.db.receipt.count(),
    calls: flags.calls,
    marketplaceFilterMs: { ...filter, targetP95: targetsMs.filter, holds: filter.p95 <= targetsMs.filter },
    usageMs: { ...usage, targetP95: targetsMs.usage, holds: usage.p95 <= targetsMs.usage },
    requestsMs: { ...requests, targetP95: targetsMs.usage, holds: requests.p95 <= targetsMs.usage },
    workerMs,
    filledMs,
    machine: machineNow(),
  }
  process.stdout.write(`${JSON.stringify(result, null, flags.json ? undefined : 2)}\n`)
  if (!filter.p95 || filter.p95 > targetsMs.filter || usage.p95 > targetsMs.usage) process.exitCode = 1
} catch (error) {
  if (!(error instanceof BenchError)) throw error
  say(error.message)
  process.exitCode = 2
} finally {
  await plane.stop()
}

/** The market as it was kept, else a new one; the worker's rounds over it are timed. */
async function openMarket() {
  const { db, redis, store, deps } = plane
  const filledMs = (await isFilled()) ? null : await timed(fill)
  if (filledMs !== null) say(`filled in ${(filledMs / 1_000).toFixed(1)} s`)
  await fillLiveness(redis, flags.offers)
  const keep = createOfferUpkeep({ offers: store.offerUpkeep, live: deps.live, clock: deps.clock })
  const listFirst = await timed(() => keep.list())
  const listAgain = await timed(() => keep.list())
  await store.offerUpkeep.countHours(new Date(Date.now() - 31 * 86_400_000))
  const measureFirst = await timed(() => keep.measure())
  while ((await store.offerUpkeep.measureOffers(new Date(), 2_000)) >= 2_000);
  const ms = (value: number) => `${Math.round(value)} ms`
  say(`worker: list ${ms(listFirst)}, again ${ms(listAgain)}, measure ${ms(measureFirst)}`)
  // A month of requests came in minutes: what Postgres does after so much would run beside the measurement.
  await db.$executeRawUnsafe('vacuum (analyze)')
  await db.$executeRawUnsafe('checkpoint')
  return { filledMs, workerMs: { listFirst, listAgain, measureFirst } }
}

/** @throws BenchError where the directory holds a market of another size, or a part of one */
async function isFilled(): Promise<boolean> {
  const [offers, requests] = [await plane.db.offer.count(), await plane.db.request.count()]
  if (offers + requests === 0) return false
  if (offers === flags.offers && requests === flags.requests) return true
  throw new BenchError(
    `${flags.dataDir} holds ${offers} offers and ${requests} requests: ask for as many, or delete it for it to be filled again.`,
  )
}

async function fill(): Promise<void> {
  await seed(plane.ctx)
  const org = await plane.db.organization.findFirstOrThrow({ where: { slug: 'acme-research' } })
  await fillMarket(plane.db, org.id, flags)
}

type Pick = <T>(values: readonly T[]) => T

/** What the marketplace page asks for: a page of offers and the values to filter by. A filter is set in one call of four. */
async function filterOnce(api: ApiCaller, pick: Pick): Promise<object> {
  const maybe = <T>(...values: T[]): T | undefined => (pick([true, false, false, false]) ? pick(values) : undefined)
  const from = pick([undefined, ...witnesses])
  const query = {
    from,
    ...(from !== undefined && { rttMsMax: maybe(20, 80) }),
    q: maybe('h200', 'eu', 'bench-77', 'nvidia llama', 'nothing-like-it'),
    model: maybe('qwen3-32b', 'gpt-oss-120b'),
    region: maybe('eu-west', 'us-east'),
    residency: maybe('EU', 'US'),
    gpuClass: maybe('H200', 'CPU'),
    trust: maybe('challenged' as const, 'attested' as const),
    dataPolicy: maybe('no_training' as const, 'no_retention' as const),
    tier: maybe('edge' as const, 'cloud' as const),
    gpusMin: maybe(4, 8),
    memoryGibMin: maybe(500, 1_000),
    liveOnly: maybe(true),
    leasableOnly: maybe(true),
    realOnly: maybe(true),
    outMicroUsdMax: maybe(400_000n),
    ttftP95MsMax: maybe(1_500),
    sort: pick(sorts.filter((sort) => sort !== 'rtt' || from !== undefined)),
    reversed: pick([undefined, true]),
  }
  const asked = later.length > 0 && pick([true, false]) ? (later.pop() ?? query) : query
  const [page] = await Promise.all([api.marketplace.search(asked), api.marketplace.facets()])
  if (page.nextCursor) later.push({ ...asked, cursor: page.nextCursor })
  return asked
}

/** A page of requests: the newest, of one status, of one model, or from a place in the middle. */
async function requestsOnce(api: ApiCaller, pick: Pick): Promise<object> {
  const days = pick([0, 3, 10, 29])
  const cursor = days === 0 ? undefined : `${Date.now() - days * 86_400_000}.req_000000000000`
  const filter = pick([
    {},
    { status: 'failed' },
    { status: 'aborted' },
    { model: 'qwen3-32b' },
    { model: 'no-such' },
  ] as const)
  await api.requests.list({ ...filter, cursor })
  return { ...filter, cursor }
}

/** @param call resolves with what it asked, for the slowest to be named. */
async function measure(call: () => Promise<unknown>) {
  for (let warm = 0; warm < 20; warm++) await call()
  const calls: { ms: number; asked: unknown }[] = []
  for (let turn = 0; turn < flags.calls; turn++) {
    let asked: unknown
    const ms = await timed(async () => (asked = await call()))
    calls.push({ ms, asked })
  }
  calls.sort((one, other) => one.ms - other.ms)
  const at = (share: number) => calls[Math.min(calls.length - 1, Math.floor(share * calls.length))]?.ms ?? 0
  for (const { ms, asked } of calls.slice(-8)) say(`${ms.toFixed(0)} ms: ${describe(asked)}`)
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

function describe(asked: unknown): string {
  return JSON.stringify(asked, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return Number((performance.now() - startedMs).toFixed(2))
}
