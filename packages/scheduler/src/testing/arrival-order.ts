/**
 * Two gateways hear of the same market in different orders, deciding all the while, and then decide the same requests with
 * the same seeds.
 */
import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import type { Tuning } from '../decide/constants.ts'
import { decide } from '../decide/decide.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import {
  anyAsk,
  anyOffer,
  anyPrefix,
  anyReport,
  below,
  drawnSeed,
  named,
  onceIn,
  policyWith,
  reportAt,
  requestOf,
  type AgedReport,
  type Ask,
  type NamelessOffer,
} from './arbitraries.ts'
import { listOf } from './market.ts'

const NOW_MS = 1_700_000_000_000
const plain = { noNullPrototype: true } as const

/** One replica's arrival at both gateways. */
interface Arrival {
  offer: NamelessOffer
  report: AgedReport
  /** Its place in the order of the second gateway. */
  rank: number
  /** What the same machine offered there before. */
  before: NamelessOffer | null
  /** Whether the gateway decides something when it has come: the first, the second, and the second between its two offers. */
  asks: readonly [boolean, boolean, boolean]
}

export interface Arrivals {
  arrivals: Arrival[]
  /** Replicas that come to the second gateway alone, and go: slots differ then. */
  guests: NamelessOffer[]
  policies: RoutingPolicy[]
  /** Requests on the way and afterwards, each with the seed of its decision. */
  asked: { ask: Ask; of: number; seed: number }[]
  prefixes: { at: number; hashes: number[] }[]
}

export interface ArrivalSize {
  replicas: number
  asks: number
  open: number
  policies: number
  /** Requests so alike that the pool keeps one memory for all of each policy: settling reaches it soon. */
  alike?: boolean
}

/** Any build, and a context of 512 to 1,023 tokens. */
const alikeAsk = anyAsk.map((ask) =>
  Object.assign(ask, { modelHash: null, tokensIn: ask.tokensIn % 400, tokensOutMax: 512 + (ask.tokensOutMax % 100) }),
)

export function anyArrivals({ replicas, asks, open, policies, alike = false }: ArrivalSize): fc.Arbitrary<Arrivals> {
  const arrival = fc.record(
    {
      offer: anyOffer,
      report: anyReport,
      rank: below(1 << 16),
      before: fc.option(anyOffer, { freq: 3 }),
      asks: fc.tuple(onceIn(16), onceIn(4), onceIn(4)),
    },
    plain,
  )
  return fc.record(
    {
      arrivals: listOf(arrival, replicas),
      guests: listOf(anyOffer, 5, 0),
      policies: listOf(policyWith(open), policies),
      asked: listOf(fc.record({ ask: alike ? alikeAsk : anyAsk, of: below(64), seed: drawnSeed }, plain), asks),
      prefixes: listOf(fc.record({ at: below(1 << 16), hashes: anyPrefix }, plain), 20, 0),
    },
    plain,
  )
}

export interface ArrivalOptions {
  tuning?: Partial<Tuning>
  /** Decisions on the same requests before the first that is compared; large sets remember some (`recall.ts`). */
  settling?: number
}

/** Decides in both; returns how many decisions agreed. Throws at the first that differs. */
export function checkArrivalOrder(market: Arrivals, { tuning = {}, settling = 0 }: ArrivalOptions = {}): number {
  const requests = market.asked.map(({ ask, of }, n) =>
    requestOf(ask, market.policies[of % market.policies.length] as RoutingPolicy, n),
  )
  const at = (n: number): { request: PlacementRequest; seed: number } => ({
    request: requests[n % requests.length] as PlacementRequest,
    seed: (market.asked[n % requests.length]?.seed ?? 0) + n,
  })
  const first = createReplicaPool({ tuning })
  const second = createReplicaPool({ tuning })
  arriveInOrder(first, market, (n) => choiceOf(first, at(n)))
  arriveByRank(second, market, (n) => choiceOf(second, at(n)))
  tell([first, second], market)
  for (let n = -settling; n < requests.length; n++) {
    const asked = at(n + settling)
    const [one, other] = [choiceOf(first, asked), choiceOf(second, asked)]
    if (n >= 0 && one !== other) throw new Error(`decision ${n}: ${one} in one order, ${other} in another`)
  }
  return requests.length
}

function arriveInOrder(pool: ReplicaPool, { arrivals }: Arrivals, decideSome: (n: number) => void): void {
  arrivals.forEach(({ offer, asks }, n) => {
    pool.upsert(named(offer, n))
    if (asks[0]) decideSome(n)
  })
}

function arriveByRank(pool: ReplicaPool, { arrivals, guests }: Arrivals, decideSome: (n: number) => void): void {
  const staying = guests.map((offer, n) => named(offer, arrivals.length + n))
  for (const guest of staying) pool.upsert(guest)
  const order = arrivals.map((arrival, n) => ({ ...arrival, n })).toSorted((a, b) => a.rank - b.rank)
  for (const { offer, before, asks, n } of order) {
    // Another concurrency or curve would be another machine, of which other things are learned.
    const { concurrencyMax, prior } = offer
    if (before) pool.upsert(named({ ...before, country: 'FR', concurrencyMax, prior }, n))
    if (asks[1]) decideSome(n)
    pool.upsert(named(offer, n))
    const guest = staying.pop()
    if (guest) pool.remove(guest.nodeId)
    if (asks[2]) decideSome(n)
  }
  for (const guest of staying) pool.remove(guest.nodeId)
}

/** Heartbeats come in the order of their time, prefixes in that of their requests. */
function tell(pools: readonly ReplicaPool[], { arrivals, prefixes }: Arrivals): void {
  const reports = arrivals.map(({ report }, n) => ({ n, report: reportAt(report, NOW_MS) }))
  for (const { n, report } of reports.toSorted((a, b) => (a.report.atMs || 0) - (b.report.atMs || 0))) {
    for (const pool of pools) pool.report(pool.slotOf(`node_${n}`) ?? -1, report)
  }
  for (const { at, hashes } of prefixes) {
    for (const pool of pools) pool.prefix.note(pool.slotOf(`node_${at % arrivals.length}`) ?? 0, hashes)
  }
}

function choiceOf(pool: ReplicaPool, { request, seed }: { request: PlacementRequest; seed: number }): string {
  const decision = decide(pool, request, prng(seed >>> 0), NOW_MS)
  if (decision.kind === 'none') return `none: ${decision.reason}`
  return [decision.slot, ...decision.alternates].map((slot) => pool.offerAt(slot).nodeId).join(' > ')
}
