/**
 * `npm run bench:web -- --json`: server time of the marketplace's filters and of the usage page, on a database of the
 * size that they must hold (10,000 offers, 1,000,000 requests), on real Postgres and Redis.
 *
 * Times are those of the procedures that the pages call, from the call to the answer, one at a time, after a warm-up;
 * no browser and no rendering. Targets: a filter 50 ms at p95, usage 200 ms at p95.
 */
import { prng } from '@isochrone/domain'
import { createOfferUpkeep } from '@isochrone/services'
import { Command, InvalidArgumentError } from 'commander'
import type { ApiCaller } from '@isochrone/api'
import { demoPassword, seed } from '../start/seed.ts'
import { startTestControlPlane } from '../start/seed/test-control-plane.ts'
import { endWithoutReader } from '../end-without-reader.ts'
import { fillMarket } from './fill-market.ts'

endWithoutReader()
const flags = new Command('npm run bench:web --')
  .description('Server time of marketplace filters and usage on a large database.')
  .option('--offers <n>', 'offers on the market', whole(100, 100_000), 10_000)
  .option('--requests <n>', 'requests of one team, with their receipts', whole(1_000, 10_000_000), 1_000_000)
  .option('--calls <n>', 'measured calls of each kind', whole(20, 10_000), 300)
  .option('--seed <n>', 'of the choice of filters', whole(0, 1_000_000), 1)
  .option('--json', 'one JSON object as the only line on stdout')
  .parse()
  .opts<{ offers: number; requests: number; calls: number; seed: number; json?: true }>()

const targetsMs = { filter: 50, usage: 200 } as const
const say = (line: string) => process.stderr.write(`${line}\n`)

/** Pages that go on where an earlier call ended. */
const later: Parameters<ApiCaller['marketplace']['search']>[0][] = []

const plane = await startTestControlPlane()
try {
  await seed(plane.ctx)
  const org = await plane.db.organization.findFirstOrThrow({ where: { slug: 'acme-research' } })
  const filledMs = await timed(() => fillMarket(plane.db, plane.redis, org.id, flags))
  say(`filled in ${(filledMs / 1_000).toFixed(1)} s`)
  const keep = createOfferUpkeep({ offers: plane.store.offerUpkeep, live: plane.deps.live, clock: plane.deps.clock })
  const listFirstMs = await timed(() => keep.list())
  const listAgainMs = await timed(() => keep.list())
  await plane.store.offerUpkeep.countHours(new Date(Date.now() - 31 * 86_400_000))
  const measureFirstMs = await timed(() => keep.measure())
  while ((await plane.store.offerUpkeep.measureOffers(new Date(), 2_000)) >= 2_000);
  await plane.db.$executeRawUnsafe('analyze')
  say(
    `worker: list ${Math.round(listFirstMs)} ms, again ${Math.round(listAgainMs)} ms, measure ${Math.round(measureFirstMs)} ms`,
  )

  const visitor = await plane.as(null)
  const team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  const random = prng(flags.seed)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  const filter = await measure(() => filterOnce(visitor, pick))
  const requests = await measure(() => requestsOnce(team, pick))
  const usage = await measure(() => team.requests.usage({ days: pick([1, 7, 30]) }))
  const result = {
    offers: await plane.db.offer.count(),
    requests: await plane.db.request.count(),
    receipts: await plane.db.receipt.count(),
    calls: flags.calls,
    marketplaceFilterMs: { ...filter, targetP95: targetsMs.filter, holds: filter.p95 <= targetsMs.filter },
    usageMs: { ...usage, targetP95: targetsMs.usage, holds: usage.p95 <= targetsMs.usage },
    requestsMs: { ...requests, targetP95: targetsMs.usage, holds: requests.p95 <= targetsMs.usage },
    workerMs: { listFirst: listFirstMs, listAgain: listAgainMs, measureFirst: measureFirstMs },
    filledMs,
    node: process.version,
  }
  process.stdout.write(`${JSON.stringify(result, null, flags.json ? undefined : 2)}\n`)
  if (!filter.p95 || filter.p95 > targetsMs.filter || usage.p95 > targetsMs.usage) process.exitCode = 1
} finally {
  await plane.stop()
}

type Pick = <T>(values: readonly T[]) => T

/** What the marketplace page asks for: a page of offers and the values to filter by. */
async function filterOnce(api: ApiCaller, pick: Pick): Promise<void> {
  const query = {
    q: pick([undefined, 'h200', 'eu', 'bench-77', 'nvidia llama', 'nothing-like-it']),
    model: pick([undefined, 'qwen3-32b', 'gpt-oss-120b']),
    region: pick([undefined, undefined, 'eu-west']),
    residency: pick([undefined, undefined, 'EU', 'US']),
    trust: pick([undefined, undefined, 'challenged', 'attested'] as const),
    gpusMin: pick([undefined, 4, 8]),
    liveOnly: pick([undefined, true]),
    outMicroUsdMax: pick([undefined, 400_000n]),
    sort: pick(['price', 'latency', 'throughput', 'effective', 'gpu_hour', 'free', 'newest'] as const),
    reversed: pick([undefined, true]),
  }
  const asked = later.length > 0 && pick([true, false]) ? (later.pop() ?? query) : query
  const [page] = await Promise.all([api.marketplace.search(asked), api.marketplace.facets()])
  if (page.nextCursor) later.push({ ...asked, cursor: page.nextCursor })
}

/** A page of requests: the newest, of one status, of one model, or from a place in the middle. */
async function requestsOnce(api: ApiCaller, pick: Pick): Promise<void> {
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
}

async function measure(call: () => Promise<unknown>) {
  for (let warm = 0; warm < 20; warm++) await call()
  const times: number[] = []
  for (let turn = 0; turn < flags.calls; turn++) times.push(await timed(call))
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return Number((performance.now() - startedMs).toFixed(2))
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`a whole number from ${min} to ${max}`)
  }
}
